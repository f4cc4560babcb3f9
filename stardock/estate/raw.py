"""A question to Proxmox whose whole answer counts: status, message, the names of wrong parameters, data, and how its task ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from proxmoxer.core import ResourceException

from stardock.estate.answers import shown
from stardock.estate.connection import Estate
from stardock.estate.refusals import Forbidden
from stardock.estate.switch import ended

TASK_SECONDS = 120.0
_OK, _FORBIDDEN = 200, 403


@dataclass(frozen=True, slots=True)
class Raw:
    """`errors`: names of the parameters that were refused. `task`: how it ended; empty where none was started."""

    status: int
    message: str = ""
    data: Any = None
    errors: tuple[str, ...] = ()
    task: str = ""


def ask_raw(estate: Estate, method: str, path: str, parameters: Mapping[str, str]) -> Raw:
    """Ask, whatever comes. Raises ConditionError only for what stops every question."""
    try:
        data = estate.read(lambda api: getattr(api(path), method.lower())(**parameters))
    except Forbidden as error:
        return Raw(_FORBIDDEN, shown(error.message))
    except ResourceException as error:
        named = tuple(sorted(error.errors)) if isinstance(error.errors, Mapping) else ()
        return Raw(error.status_code, shown(error.content or error.status_message), None, named)
    is_task = isinstance(data, str) and data.startswith("UPID:") and method != "GET"
    return Raw(_OK, "", data, (), ended(estate, str(data), TASK_SECONDS) if is_task else "")
