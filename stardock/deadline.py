"""Work that ends in time, whatever it waits for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def within(seconds: float, work: Callable[[], T], late: Callable[[], Exception]) -> T:
    """Do the work in at most that time, else raise `late()`. Timeouts of a socket cover neither name resolution nor a drip of bytes."""
    done: list[T] = []
    failed: list[BaseException] = []
    thread = threading.Thread(target=_into, args=(work, done, failed), daemon=True)
    thread.start()
    thread.join(seconds)
    if failed:
        raise failed[0]
    if not done:
        raise late()
    return done[0]


def _into(work: Callable[[], T], done: list[T], failed: list[BaseException]) -> None:
    try:
        done.append(work())
    except BaseException as error:  # noqa: BLE001 -- raised again in the thread that waits
        failed.append(error)
