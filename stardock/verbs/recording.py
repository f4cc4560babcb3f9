"""What `runner runs` lists later: each bootstrap with the times of its stages."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from stardock.errors import StardockError
from stardock.model.about import About
from stardock.model.runs import Ended, PastRun, StageRun
from stardock.model.stages import NAMES
from stardock.playbooks.progress import Progress
from stardock.step import Say
from stardock.workspace.runs import load_runs, save_runs


@dataclass(slots=True)
class Recorder:
    """Shows a run to whoever shows it, and keeps the times of its stages."""

    shown: Progress
    stages: list[StageRun] = field(default_factory=list)
    ended: Ended = "failed"

    def stage_begins(self, stage: str) -> None:
        """Pass it on."""
        self.shown.stage_begins(stage)

    def stage_ends(self, stage: str, seconds: float, changed: dict[str, int]) -> None:
        """Keep it, and pass it on; what comes before the stages is none."""
        if stage in NAMES:
            self.stages.append(StageRun(name=stage, milliseconds=round(seconds * 1000), changed=sum(changed.values())))
        self.shown.stage_ends(stage, seconds, changed)

    def machine_does(self, machine: str, task: str, changes: int) -> None:
        """Pass it on."""
        self.shown.machine_does(machine, task, changes)


@contextmanager
def recorded(path: Path, about: About, progress: Progress, say: Say, *, check: bool) -> Iterator[Recorder]:
    """Remember in that file what happens inside, however it ends; a run that changes nothing (`check`) is not remembered."""
    recorder, began, clock = Recorder(progress), datetime.now(UTC), time.monotonic()
    try:
        yield recorder
    except (KeyboardInterrupt, SystemExit):
        recorder.ended = "stopped"
        raise
    finally:
        if not check:
            _remember(path, _past(about, recorder, began, time.monotonic() - clock), say)


def _remember(path: Path, run: PastRun, say: Say) -> None:
    """Nothing is decided by the list: where it is damaged, or cannot be written, the run's own end stands."""
    try:
        save_runs(path, (*load_runs(path), run))
    except StardockError as error:
        say(f"this run is not kept for `runner runs`: {error}")


def _past(about: About, recorder: Recorder, began: datetime, seconds: float) -> PastRun:
    return PastRun(
        began=began.strftime("%Y-%m-%dT%H:%M:%SZ"),
        milliseconds=round(seconds * 1000),
        release=about.version,
        machines=len(about.machines),
        ended=recorder.ended,
        stages=tuple(recorder.stages),
    )
