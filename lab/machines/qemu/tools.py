"""The stand-in's programs (etcd, kube-apiserver, ...) as a drive: what images of a registry would bring. PVE does not know of it."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
from pathlib import Path

from lab.cache import PROGRAMS, built, cache_root
from lab.commands import run
from lab.machines.qemu.image import TOOLS_LABEL

_ROOM = 1.15


def tools_image() -> Path | None:
    """An ext4 file system with the programs that are built, made once for each set of them; None when there are none."""
    tools = {Path(name).name: file for name, file in built(PROGRAMS).items()}
    if not tools:
        return None
    state = [(name, str(path), path.stat().st_size, path.stat().st_mtime_ns) for name, path in sorted(tools.items())]
    folder = cache_root() / "images" / f"tools-{hashlib.sha256(repr(state).encode()).hexdigest()[:16]}"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "tools.img").exists():
            _build(folder, tools)
    return folder / "tools.img"


def _build(folder: Path, tools: dict[str, Path]) -> None:
    files = folder / "files"
    shutil.rmtree(files, ignore_errors=True)
    files.mkdir()
    for name, path in tools.items():
        shutil.copy(path, files / name)
    size = int(sum(path.stat().st_size for path in tools.values()) * _ROOM) // 1024
    unfinished = folder / "tools.new"
    unfinished.unlink(missing_ok=True)
    run(
        ["mke2fs", "-q", "-t", "ext4", "-m", "0", "-O", "^has_journal", "-L", TOOLS_LABEL, "-d", str(files), str(unfinished), f"{size}k"],
        seconds=300,
    )
    shutil.rmtree(files)
    unfinished.rename(folder / "tools.img")
