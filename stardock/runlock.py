"""One run per cluster: a lock beside cluster.yaml, and the end of what a killed run left behind.

The lock is `flock` on `X.pid`, so the kernel frees it when the run dies, however it dies. The file holds the pid on its first line and
a token on its second. Every program that the run starts inherits the token as `STARDOCK_RUN`; a run that finds an unfinished token in
the file ends the processes that still carry it (an orphaned tofu or ansible-playbook) before it changes anything itself.
Finding them by their environment leaves no moment between "started" and "recorded", and cannot hit a process that reuses a pid.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from stardock.errors import StardockError

#: The variable that marks the processes of a run. Whoever starts programs with an environment of its own hands it on.
MARK = "STARDOCK_RUN"

#: Seconds for tofu to finish what it has begun and save its state, then for anything to stop, after SIGINT and SIGTERM.
PATIENCE = ((signal.SIGINT, 30.0), (signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0))


def _quiet(_line: str) -> None:
    """Say nothing."""


@contextlib.contextmanager
def only_run(path: Path, say: Callable[[str], None] = _quiet) -> Iterator[str]:
    """Hold the cluster's run lock; yields the token, which is in `os.environ[MARK]` while it lasts.

    Raises StardockError when another run holds it, or when the processes of a killed run cannot be ended.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _claim(descriptor, path)
        _end_orphans(_token_in(descriptor), say)
        with _marked(descriptor) as token:
            yield token
        os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def _claim(descriptor: int, path: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        pid = _lines(descriptor)[0] or "unknown"
        raise StardockError(
            f"another run holds this cluster: pid {pid} ({path.name})",
            cure=f"wait until it is done, or end it: kill {pid}",
        ) from None


@contextlib.contextmanager
def _marked(descriptor: int) -> Iterator[str]:
    """Write pid and token into the file and the token into the environment; takes the latter back."""
    token = secrets.token_hex(8)
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n{token}\n".encode(), 0)
    os.environ[MARK] = token
    try:
        yield token
    finally:
        os.environ.pop(MARK, None)


def _lines(descriptor: int) -> list[str]:
    return [*os.pread(descriptor, 200, 0).decode(errors="replace").splitlines(), "", ""]


def _token_in(descriptor: int) -> str:
    return _lines(descriptor)[1]


def _end_orphans(token: str, say: Callable[[str], None]) -> None:
    """End what a killed run left: first gently, so that tofu saves its state. Raises StardockError when something stays."""
    if not token:
        return
    for number, seconds in PATIENCE:
        orphans = marked_processes(token)
        if not orphans:
            return
        say(f"ending what a killed run left: {', '.join(f'{name} (pid {pid})' for pid, name in orphans.items())}")
        _signal(orphans, number)
        _wait_for_end(token, seconds)
    left = marked_processes(token)
    if left:
        raise StardockError(f"processes of a killed run do not end: {left}", cure="end them by hand: kill -9 " + " ".join(map(str, left)))


def _signal(processes: dict[int, str], number: signal.Signals) -> None:
    for pid in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def _wait_for_end(token: str, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while marked_processes(token) and time.monotonic() < deadline:
        time.sleep(0.1)


def marked_processes(token: str) -> dict[int, str]:
    """Give pid and name of each live process that carries the token, this one excepted. Zombies carry nothing."""
    mark = f"{MARK}={token}".encode()
    found: dict[int, str] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):
            if mark in (entry / "environ").read_bytes().split(b"\0"):
                found[int(entry.name)] = (entry / "comm").read_text().strip()
    return found
