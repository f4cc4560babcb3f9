"""The state file, made before an engine makes it: engines write 0644, and the state holds secrets. Imports no cdktf."""

from __future__ import annotations

import os
from pathlib import Path

from stardock.writing import open_in_place


def keep_private(state: Path) -> None:
    """Make the state and its backup 0600. Both tofu 1.12 and terraform 1.11 take an empty file for no state and keep the mode."""
    for path in (state, state.with_name(state.name + ".backup")):
        os.close(open_in_place(path))


def path_from_stack(state: Path, outdir: Path, stack: str) -> str:
    """Lead from a synthesized stack's folder to the state: relative, so that a checkout can lie anywhere."""
    folder = outdir.resolve() / "stacks" / stack
    return Path(os.path.relpath(state.resolve(), folder)).as_posix()
