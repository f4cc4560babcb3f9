"""SIGINT and SIGTERM while Ansible runs, here or elsewhere: noted, so that it can be ended before anything is raised."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator, Sequence
from types import FrameType
from typing import NoReturn


@contextlib.contextmanager
def caught_signals() -> Iterator[list[int]]:
    """Collect them instead of raising: Ansible runs in a session of its own and must be ended by us."""
    received: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        received.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def raise_received(received: Sequence[int]) -> NoReturn:
    """End as the first of them would have."""
    raise KeyboardInterrupt if received[0] == signal.SIGINT else SystemExit(128 + received[0])
