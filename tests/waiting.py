"""The one way in which tests wait: bounded, by the one knob, and with its cause when it runs out."""

from __future__ import annotations

import time
from collections.abc import Callable

from lab.patience import patient


def until(condition: Callable[[], object], what: str, seconds: float = 60, evidence: Callable[[], str] = str) -> float:
    """Wait for something true; how long it took. `seconds` as on an idle machine. Raises AssertionError with `what` and the evidence."""
    start, bound = time.monotonic(), patient(seconds)
    while not condition():
        assert time.monotonic() - start < bound, f"waited {bound:g} s for {what}\n{evidence()}"
        time.sleep(0.2)
    return time.monotonic() - start
