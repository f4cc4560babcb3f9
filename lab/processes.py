"""Pids that mean what they meant: a pid together with the moment its process started."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_START_TIME = 19  # field 22 of /proc/<pid>/stat, counted after the command's name


@dataclass(frozen=True, slots=True)
class Process:
    """A process that cannot be mistaken for a later one with its pid. `started` is in clock ticks since the machine's boot."""

    pid: int
    started: int

    @property
    def alive(self) -> bool:
        """False also for one that is dead and only waits to be collected."""
        return _started(self.pid) == self.started

    def wait(self, timeout: float) -> bool:
        """Whether it is gone within `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while self.alive and time.monotonic() < deadline:
            time.sleep(0.02)
        return not self.alive


def process(pid: int) -> Process | None:
    """The process that has this pid now; None when there is none."""
    started = _started(pid)
    return None if started is None else Process(pid, started)


def children(pid: int) -> tuple[int, ...]:
    """Pids of the children that a process's main thread has now."""
    with suppress(OSError):
        return tuple(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))
    return ()


def _started(pid: int) -> int | None:
    with suppress(OSError):
        state, *fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return None if state in "ZX" else int(fields[_START_TIME - 1])
    return None
