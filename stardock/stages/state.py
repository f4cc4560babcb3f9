"""The state file after a kill. Engines write it in place: truncate, then write, so that a kill between leaves it empty or cut short."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from stardock.stages.step import Say


def mend(state: Path, say: Say) -> None:
    """Put the backup in the place of a state that was cut short, or nothing where none was made yet: the first apply has no backup.

    What was made since then comes back by import. An empty state with no backup is simply a new cluster's. What was damaged is kept as
    `X.tfstate.damaged`.
    """
    backup = state.with_name(state.name + ".backup")
    if not state.exists() or _readable(state) or not (state.stat().st_size or _readable(backup)):
        return
    shutil.copy2(state, state.with_name(state.name + ".damaged"))
    if _readable(backup):
        say(f"  {state.name} was cut short by a kill: going on from {backup.name}")
        shutil.copy2(backup, state)
    else:
        say(f"  {state.name} was cut short by a kill and has no backup: going on from an empty one; machines come back by import")
        os.truncate(state, 0)


def _readable(path: Path) -> bool:
    try:
        return isinstance(json.loads(path.read_bytes()), dict)
    except (FileNotFoundError, ValueError):
        return False
