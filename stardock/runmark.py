"""What a run holds beside its pid file, since `git clean` takes that away: a mark in memory, by which another run finds it.

memfd_create(2) gives a file that is in no folder. proc(5) shows it under /proc/PID/fd as `/memfd:NAME (deleted)`, to the account of the
process and to root, and it goes with the process. So no other account can hold it in our place, as it could take a socket's name.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pwd
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_PROCESSES = Path("/proc")


@dataclass(frozen=True, slots=True)
class Holder:
    """A process, and the account that it runs as."""

    pid: int
    uid: int

    def __str__(self) -> str:
        """Its pid; with the account, where that is another than ours."""
        return f"pid {self.pid}" if self.uid == os.geteuid() else f"pid {self.pid} of {account(self.uid)}"


def account(uid: int) -> str:
    """What to call an account in messages."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"the account {uid}"


def holder_of(pid: str) -> Holder | None:
    """The process of a pid file's first line; None where there is none."""
    try:
        return Holder(int(pid), (_PROCESSES / str(int(pid))).stat().st_uid)
    except (ValueError, OSError):
        return None


@contextlib.contextmanager
def marked(path: Path) -> Iterator[Holder | None]:
    """Hold the mark of the pid file `path`; yields who else holds it, by the folder and not by the way to it.

    Root sees everybody's: only root's own and the folder's owner's count. Where the kernel has no such file (not Linux), or nobody may look
    into /proc, the pid file alone must do.
    """
    folder = path.parent.stat()
    digest = hashlib.sha256(f"{folder.st_dev} {folder.st_ino} {path.name}".encode()).hexdigest()
    name = f"stardock-run-{digest[:32]}"
    try:
        mine = os.memfd_create(name)
    except (AttributeError, OSError):
        yield None
        return
    try:
        yield _other(f"/memfd:{name} (deleted)", mine, {0, os.geteuid(), folder.st_uid})
    finally:
        os.close(mine)


def _other(shown: str, mine: int, accounts: set[int]) -> Holder | None:
    own = os.getpid(), mine
    for entry in _PROCESSES.iterdir() if _PROCESSES.is_dir() else ():
        if not entry.name.isdecimal():
            continue
        with contextlib.suppress(OSError):  # it ended, or is another account's
            uid = entry.stat().st_uid
            if uid in accounts and any((int(entry.name), fd) != own for fd in _descriptors(entry / "fd", shown)):
                return Holder(int(entry.name), uid)
    return None


def _descriptors(folder: Path, shown: str) -> Iterator[int]:
    for name in os.listdir(folder):  # noqa: PTH208 -- Path.iterdir makes an object of each
        with contextlib.suppress(OSError):
            if os.readlink(f"{folder}/{name}") == shown:  # noqa: PTH115 -- so does Path.readlink
                yield int(name)
