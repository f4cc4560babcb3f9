"""Beside the keeper, a process that outlives it: where the keeper is killed, which asks it nothing, the run ends all the same.

The kernel's killer of processes (for memory) and `kill -9` are no signal that a keeper could answer. The guard holds the reading end of a
pipe whose only writing end is the keeper's: its end of file is the keeper's, however that comes (pipe(7)).
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from stardock.workspace.run_lock import marked_processes

#: Seconds for all that is marked to end.
_ENDING = 10.0


@contextlib.contextmanager
def guarded(folder: Path, token: str) -> Iterator[None]:
    """While it lasts, the end of this process ends what carries the token and takes the folder away."""
    ended, alive = os.pipe()
    guard = os.fork()
    if guard == 0:
        _guard(ended, alive, folder, token)
    os.close(ended)
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(guard, signal.SIGKILL)
        os.waitpid(guard, 0)
        os.close(alive)


def _guard(ended: int, alive: int, folder: Path, token: str) -> None:
    """Wait for the keeper's end with nothing of its own open: the ssh is not kept by who only waits."""
    try:
        os.setsid()
        os.close(alive)
        nothing = os.open(os.devnull, os.O_RDWR)
        for standard in range(3):
            os.dup2(nothing, standard)
        os.read(ended, 1)
        end_marked(token)
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os._exit(0)


def end_marked(token: str) -> None:
    """End all that carries a run's token: the worker, Ansible, its workers with sessions of their own, connections that are kept open."""
    end = time.monotonic() + _ENDING
    while (left := marked_processes(token)) and time.monotonic() < end:
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)
