"""`X.runs.json`: the last runs of `runner bootstrap`. Only for people: nothing is decided by it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import TypeAdapter

from stardock.model.runs import PastRun, StageRun
from stardock.spec.distribution import Version
from stardock.spec.units import Form
from stardock.workspace.records import forms
from stardock.workspace.records.document import Words, read_document
from stardock.writing import PRIVATE, write_atomically

#: So many are kept.
MOST = 100
_CURE = "it only lists past runs: delete the file"
_Began = Annotated[str, Form(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", "a time in UTC", "2026-11-30T08:00:00Z")]
#: Any: an older or a newer Stardock has other stages.
_Stage = Annotated[str, Form(r"[a-z]{1,40}", "a stage", "founder")]


@dataclass(frozen=True, slots=True)
class Runs:
    """The file, oldest run first."""

    runs: tuple[PastRun, ...] = ()


def load_runs(path: Path) -> tuple[PastRun, ...]:
    """The runs that are remembered, oldest first. `InputErrors` where the file is none of ours."""
    document = read_document(path, Words(name="list of runs", cure=_CURE, conflict=_CURE))
    return forms.read(document, _adapter(), document.data, _forms()).runs if document else ()


def save_runs(path: Path, runs: tuple[PastRun, ...]) -> None:
    """Remember the last of these."""
    write_atomically(path, json.dumps(asdict(Runs(runs[-MOST:])), indent=1) + "\n", mode=PRIVATE)


@cache
def _adapter() -> TypeAdapter[Runs]:
    return TypeAdapter(Runs)


@cache
def _forms() -> forms.Adapters:
    return forms.adapters({Runs: {}, PastRun: {"began": _Began, "release": Version}, StageRun: {"name": _Stage}})
