"""A program that is one file brings all others: they lie in `data/<sum>/bin` once it was called, and `data/current` names the newest.

Facts of k3s: cmd/k3s/main.go (`extract`: what is there stays; `runCLIs`, `externalCLI`: names that it is called by).
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from .flavor import OURS
from .journal import FatalError
from .paths import Paths
from .release import VERSION

OTHERS = ("kubectl", "ctr", "crictl")
#: starts itself anew by the path of its file (containerd, cmd/containerd-shim-runc-v2/manager), by which it is known who it belongs to
SHIM = "containerd-shim-runc-v2"


def unpack(paths: Paths) -> None:
    """Link the lab's programs, which stand for what is packed; the shim of containers is a copy."""
    folder = paths.data / "data" / hashlib.sha256(VERSION.encode()).hexdigest()
    if not OURS.is_one_file or folder.is_dir():
        return
    unfinished = folder.with_name(f"{folder.name}-tmp")
    (unfinished / "bin").mkdir(parents=True, exist_ok=True)
    for program in paths.tools.iterdir():
        _place(unfinished / "bin" / program.name, program)
    current = folder.with_name("current")
    if current.is_symlink():
        current.rename(folder.with_name("previous"))
    current.symlink_to(folder)
    unfinished.rename(folder)


def become(paths: Paths, name: str, arguments: Sequence[str]) -> None:
    """Be one of the others. Raises FatalError where the lab has no such program."""
    unpack(paths)
    program = paths.programs / name
    if not program.exists():
        raise FatalError(f"exec: {name!r}: executable file not found in $PATH")
    os.environ.setdefault("KUBECONFIG", str(paths.config / f"{OURS.name}.yaml"))
    os.execv(program, [str(program), *arguments])  # noqa: S606


def _place(place: Path, program: Path) -> None:
    place.unlink(missing_ok=True)
    if program.name == SHIM:
        shutil.copy2(program, place)
    else:
        place.symlink_to(program)
