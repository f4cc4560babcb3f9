"""What a client saw of an outage, out of the questions that it put."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bench.prober import Probe

#: Who waits longer for an answer saw an outage. Below the second after which a SYN is sent again, so that no question outlives an outage.
PATIENCE = 0.5


@dataclass(frozen=True, slots=True)
class Seen:
    """Times in seconds. An outage is from the first question that got no answer to the first one that did, by when they were put.

    `outage` is the longest time in which none got an answer; `whole` is from the first that got none until all did again: they differ where
    one of three servers is dead. `failed` is how many got none, `slowest` the longest that an answer took that came at all. `over`: whether
    the last second of questions was answered.
    """

    outage: float
    whole: float
    asked: int
    failed: int
    slowest: float
    over: bool = True


def seen(probes: Sequence[Probe], patience: float = PATIENCE) -> Seen:
    """By when they were put."""
    good = [ok and seconds <= patience for _, seconds, ok in probes]
    bad = [number for number, answered in enumerate(good) if not answered]
    slowest = max((seconds for _, seconds, ok in probes if ok), default=0.0)
    if not bad:
        return Seen(0.0, 0.0, len(probes), 0, slowest)
    whole = _put(probes, bad[-1] + 1) - probes[bad[0]][0]
    over = probes[bad[-1]][0] < probes[-1][0] - 1
    return Seen(_longest(probes, good), whole, len(probes), len(bad), slowest, over)


def _longest(probes: Sequence[Probe], good: Sequence[bool]) -> float:
    longest, began = 0.0, None
    for number, answered in enumerate([*good, True]):
        if answered and began is not None:
            longest, began = max(longest, _put(probes, number) - began), None
        elif not answered and began is None:
            began = probes[number][0]
    return longest


def _put(probes: Sequence[Probe], number: int) -> float:
    """When a question was put; of one after the last, the end of the last."""
    return probes[number][0] if number < len(probes) else probes[-1][0] + probes[-1][1]
