"""Ansible filters: what machines tell of their clocks, and whose is wrong (see DOCUMENTATION of each, beside this)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

#: The controller's clock as the question was put, and the machine's: whole seconds. A machine may say what it likes.
_CLOCK = re.compile(r"^clock (\d{1,11}) (\d{1,11})\s*$", re.MULTILINE)
#: Seconds, as `runner doctor` has it of PVE nodes. What a cluster signs is valid from the moment of its making on (k3s' and RKE2's
#: authorities: NewSelfSignedCACert, rancher/dynamiclistener, cert/cert.go), and machines join half a minute after it.
WRONG = 30
#: Where fewer machines told their clocks, that of the controller has a voice, too.
FEW = 3


class Clock(NamedTuple):
    """How far a clock is ahead of the controller's, in seconds: no less than the first, no more than the second."""

    least: float
    most: float

    def ahead_of(self, other: Clock) -> float:
        """Seconds that it is ahead at least; negative where it is behind; 0 where the two may agree."""
        return max(self.least - other.most, 0.0) or min(self.most - other.least, 0.0)


def wrong_clocks(hosts: Sequence[str], hostvars: Mapping[str, Any]) -> dict[str, str]:
    """Name the machines whose clock differs from those of more than half of the others, each with a sentence."""
    clocks = {host: Clock(*found) for host in hosts if (found := hostvars[host].get("reachable_clock"))}
    voices = clocks | ({"this machine": Clock(0, 0)} if len(clocks) < FEW else {})
    return {host: words for host in clocks if (words := _differs(host, voices))}


def clock(answer: str, now: float) -> list[float]:
    """Read what a machine said: it looked at its clock at some moment between the question and now. Empty where it said nothing of it."""
    if not (found := _CLOCK.search(answer)):
        return []
    asked, there = int(found[1]), int(found[2])
    return [there - now, there + 1 - asked]


def _differs(host: str, voices: Mapping[str, Clock]) -> str:
    """The sentence, or nothing. The machine that is named beside it is one from which it differs."""
    off = {other: voices[host].ahead_of(voices[other]) for other in voices if other != host}
    apart = {other: seconds for other, seconds in off.items() if abs(seconds) >= WRONG}
    if 2 * len(apart) <= len(off):
        return ""
    other, seconds = next(iter(apart.items()))
    return f"the clock of {host} is {abs(seconds):.0f} s {'ahead of' if seconds > 0 else 'behind'} that of {other}"


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Map each filter's name to its function."""
        return {"clock": clock, "wrong_clocks": wrong_clocks}
