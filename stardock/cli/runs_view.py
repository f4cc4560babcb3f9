"""What `runner runs` shows."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from rich.table import Table

from stardock.cli.screen import HEAD, shown
from stardock.cli.told import say
from stardock.model.cluster_files import ClusterFiles
from stardock.model.runs import PastRun
from stardock.model.stages import NAMES
from stardock.workspace.files import find_cluster_file
from stardock.workspace.runs import load_runs


def runs(file: Path | None, form: str) -> None:
    """Print them."""
    found = load_runs(ClusterFiles(find_cluster_file(file)).runs)
    if form == "json":
        say(json.dumps([asdict(run) for run in found], indent=2))
    elif found:
        shown([table(found)])
    else:
        say("no run is remembered yet: `runner bootstrap` makes the first")


def table(found: tuple[PastRun, ...]) -> Table:
    """A row for each run; seconds, and `-` for a stage that did not end."""
    grid = Table("began (UTC)", "ended", "release", "changed", "seconds", *NAMES, box=HEAD)
    for run in reversed(found):
        seconds = {stage.name: f"{stage.milliseconds / 1000:.1f}" for stage in run.stages}
        changed = sum(stage.changed for stage in run.stages)
        whole = [run.began.replace("T", " ").removesuffix("Z"), run.ended, run.release, str(changed)]
        grid.add_row(*whole, f"{run.milliseconds / 1000:.1f}", *(seconds.get(name, "-") for name in NAMES))
    return grid
