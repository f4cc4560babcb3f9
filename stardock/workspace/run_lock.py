"""One run per cluster: a lock beside cluster.yaml, and the end of what a killed run left behind.

The lock is `flock` on `X.pid`, so the kernel frees it when the run dies, however it dies; and, since `git clean` takes that file away
while a run lives, a mark in memory (`stardock.runmark`).
The file holds the pid on its first line and a token on its second. Every program that the run starts inherits the token as `STARDOCK_RUN`;
a run that finds an unfinished token in the file ends the processes that still carry it (an orphaned tofu or ansible-playbook) before it
changes anything itself. Finding them by their environment leaves no moment between "started" and "recorded", and cannot hit a process that
reuses a pid.
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
from stardock.runmark import Holder, holder_of, marked
from stardock.writing import open_in_place

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
    descriptor = open_in_place(path)
    try:
        _claim(descriptor, path)
        with _only_mark(path):
            _end_orphans(_token_in(descriptor), say)
            with _marked(descriptor) as token:
                yield token
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def only_asking(path: Path) -> Iterator[str]:
    """Hold the same lock for a run that changes nothing: no file is made or written, so nothing of it is looked for after a kill."""
    with contextlib.ExitStack() as held:
        if path.exists():
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            held.callback(os.close, descriptor)
            _claim(descriptor, path)
        held.enter_context(_only_mark(path))
        yield held.enter_context(_token())


def _claim(descriptor: int, path: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise _held(path, holder_of(_lines(descriptor)[0])) from None


def _held(path: Path, by: Holder | None) -> StardockError:
    cure = f"wait until it is done, or end it: kill {by.pid}" if by else "wait until it is done"
    return StardockError(f"another run holds this cluster: {by or 'pid unknown'} ({path.name})", cure=cure)


@contextlib.contextmanager
def _only_mark(path: Path) -> Iterator[None]:
    """Hold the mark in memory. Raises StardockError when another run does."""
    with marked(path) as other:
        if other:
            raise _held(path, other)
        yield


@contextlib.contextmanager
def _token() -> Iterator[str]:
    """A token in the environment, and taken back."""
    token = secrets.token_hex(8)
    os.environ[MARK] = token
    try:
        yield token
    finally:
        os.environ.pop(MARK, None)


@contextlib.contextmanager
def _marked(descriptor: int) -> Iterator[str]:
    """Write pid and token into the file and the token into the environment; takes both back.

    A run that was interrupted (no `Exception`) leaves the file as a killed one does. One that failed does not: it has ended its engine
    itself, and what a hook of the user's left running is meant to run.
    """
    with _token() as token:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n{token}\n".encode(), 0)
        try:
            yield token
        except Exception:
            os.ftruncate(descriptor, 0)
            raise
        os.ftruncate(descriptor, 0)


def _lines(descriptor: int) -> list[str]:
    return [*os.pread(descriptor, 200, 0).decode(errors="replace").splitlines(), "", ""]


def _token_in(descriptor: int) -> str:
    return _lines(descriptor)[1]


def _end_orphans(token: str, say: Callable[[str], None]) -> None:
    """End what a killed run left: first gently, so that tofu saves its state. Raises StardockError when something stays."""
    if not token:
        return
    groups: set[int] = set()
    for number, seconds in PATIENCE:
        orphans = _orphans(token, groups)
        if not orphans:
            return
        say(f"ending what a killed run left: {', '.join(f'{name} (pid {pid})' for pid, name in orphans.items())}")
        _signal(orphans, number)
        _wait_for_end(token, groups, seconds)
    left = _orphans(token, groups)
    if left:
        raise StardockError(f"processes of a killed run do not end: {left}", cure="end them by hand: kill -9 " + " ".join(map(str, left)))


def _orphans(token: str, groups: set[int]) -> dict[int, str]:
    """Pid and name of what carries the token, and of its groups: a child may have left the mark behind with its environment.

    `groups` are those that a marked process led, now or before; a group that is led by another may be our own shell's.
    """
    marked = marked_processes(token)
    groups |= marked.keys() & {_group(pid) for pid in marked}
    others = {int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()} - marked.keys() if groups else set()
    return marked | {pid: _name(pid) for pid in others if _group(pid) in groups}


def _group(pid: int) -> int | None:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return None


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return "?"


def _signal(processes: dict[int, str], number: signal.Signals) -> None:
    for pid in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def _wait_for_end(token: str, groups: set[int], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while _orphans(token, groups) and time.monotonic() < deadline:
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
