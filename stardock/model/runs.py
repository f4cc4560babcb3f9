"""Past runs of `runner bootstrap`: when, how long each stage took, how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Ended = Literal["done", "partly", "failed", "stopped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StageRun:
    """One stage. `changed` counts changes on all machines; a stage that failed has no row."""

    name: str
    milliseconds: int
    changed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PastRun:
    """One run. `began` is UTC (2026-11-30T08:00:00Z). `partly`: without some agents; `stopped`: by the person."""

    began: str
    milliseconds: int
    release: str
    machines: int
    ended: Ended
    stages: tuple[StageRun, ...] = ()
