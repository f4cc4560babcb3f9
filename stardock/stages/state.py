"""The state file after a kill. Engines write it in place: truncate, then write, so that a kill between leaves it empty or cut short."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from stardock.stages.step import Say


def mend(state: Path, say: Say) -> None:
    """Put the backup in the place of a state that cannot be read. What was made since the backup comes back by import.

    An empty state with no backup is simply a new cluster's. The damaged file is kept as `X.tfstate.damaged`.
    """
    backup = state.with_name(state.name + ".backup")
    if not state.exists() or _readable(state) or not _readable(backup):
        return
    say(f"  {state.name} was cut short by a kill: going on from {backup.name}")
    shutil.copy2(state, state.with_name(state.name + ".damaged"))
    shutil.copy2(backup, state)


def _readable(path: Path) -> bool:
    try:
        return isinstance(json.loads(path.read_bytes()), dict)
    except (OSError, ValueError):
        return False
