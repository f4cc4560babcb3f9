"""Many questions to Proxmox at once, each answered or not on its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any, TypeVar

from proxmoxer.core import ResourceException

from stardock.errors import ConditionError
from stardock.estate.answers import shown
from stardock.estate.connection import Estate

#: Questions at once: pveproxy has three workers that each take many connections (PVE::APIServer::AnyEvent).
WORKERS = 32

Question = Callable[[Any], Any]
K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `refused` has Proxmox's words where nothing did."""

    value: Any = None
    refused: str = ""


def ask(estate: Estate, pool: Executor, asked: Mapping[K, Question]) -> dict[K, Answer]:
    """Ask all of them, as many at once as the pool takes."""
    return dict(zip(asked, pool.map(lambda question: _answer(estate, question), asked.values()), strict=True))


def _answer(estate: Estate, question: Question) -> Answer:
    try:
        return Answer(estate.read(question))
    except ResourceException as error:
        return Answer(refused=shown(f"{error.status_code} {error.status_message}: {error.content}"))
    except ConditionError as error:
        return Answer(refused=error.message)
