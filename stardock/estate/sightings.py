"""What all rounds of a discovery saw and lack: pure but for the clock by which a reason's patience ends."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from stardock.errors import ConditionError
from stardock.estate.reasons import Kind, Reason
from stardock.model.facts import MachineFacts
from stardock.model.plan import Plan
from stardock.step import Say

NOT_ASKED = Reason(Kind.MISSING, "not asked yet")


@dataclass(slots=True)
class Sightings:
    """All rounds together. `gone` are the machines that Proxmox says do not exist. `since`: when each reason was first met."""

    seen: dict[str, MachineFacts] = field(default_factory=dict)
    missing: dict[str, Reason] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    marks: dict[str, str] = field(default_factory=dict)
    odd: dict[str, tuple[str, ...]] = field(default_factory=dict)
    since: dict[str, tuple[Reason, float]] = field(default_factory=dict)

    def lack(self, name: str, reason: Reason) -> None:
        """Note what is missing of a machine, and since when."""
        self.missing[name] = reason
        if self.since.get(name, (None,))[0] != reason:
            self.since[name] = reason, time.monotonic()

    def worth_waiting(self) -> dict[str, Reason]:
        """Those for which time may bring what is missing."""
        waited = {name: time.monotonic() - self.since[name][1] for name in self.missing if name in self.since}
        return {
            name: reason
            for name, reason in self.missing.items()
            if name not in self.gone and (reason.patience is None or waited.get(name, 0.0) < reason.patience)
        }


def asked(plan: Plan, say: Say) -> dict[str, Reason]:
    """Who is asked, as missing; a machine without a guest agent has nothing to answer with, and its address is static."""
    mute = [machine.name for machine in plan.machines if not machine.agent.enabled]
    if mute:
        say(f"  {', '.join(mute)}: no guest agent (`agent`); pin the SSH host keys, or let bootstrap accept new ones")
    return {machine.name: NOT_ASKED for machine in plan.machines if machine.agent.enabled}


def by_reason(missing: Mapping[str, Reason]) -> dict[str, list[str]]:
    """What is missing -> the machines that lack it."""
    reasons: dict[str, list[str]] = {}
    for name, reason in missing.items():
        reasons.setdefault(reason.words, []).append(name)
    return reasons


def complain(sightings: Sightings, seconds: float) -> None:
    """Raise ConditionError that lists the machines without an address or a host key, and why."""
    if not sightings.missing:
        return
    lines = "\n".join(f"  {', '.join(names)}: {reason}" for reason, names in by_reason(sightings.missing).items())
    if not set(sightings.missing) - sightings.gone:
        raise ConditionError(f"not every machine exists:\n{lines}", cure="runner deploy")
    waited = f"after {seconds:g} s not every machine is known"
    message = waited if sightings.worth_waiting() else "not every machine is known, and waiting longer would not help"
    cures = dict.fromkeys(line for reason in sightings.missing.values() for line in reason.cure.splitlines())
    cure = "\n".join([*(cures or ["look at its console in Proxmox"]), "then `runner discover`"])
    raise ConditionError(f"{message}:\n{lines}", cure=cure)
