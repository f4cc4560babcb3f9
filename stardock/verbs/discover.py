"""Reads what the machines were given and made themselves: addresses and SSH host keys, through Proxmox, into the facts.

Bounded, concurrent, and content with nothing less than what bootstrap needs: of every machine its address and a host key.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from stardock.errors import ConditionError
from stardock.estate.agent import addresses_of, founded_mark, host_keys
from stardock.estate.connection import Estate
from stardock.estate.machines import EstateMachine, is_gone, machines_on
from stardock.estate.power import power_of, standstill
from stardock.estate.reasons import Kind, Reason
from stardock.estate.refusals import NoAnswer
from stardock.estate.renewed import contradicting, refounded, renewed, still_unknown, without_shared
from stardock.estate.sighting import Sighting, addresses_of_others, sighting_of
from stardock.model.facts import Facts, MachineFacts
from stardock.model.machine import Machine
from stardock.model.plan import Plan
from stardock.step import Say
from stardock.systems import system
from stardock.workspace.facts import save_facts, save_known_hosts
from stardock.workspace.state import Standing
from stardock.workspace.workspace import Workspace, standing_here

#: Questions to Proxmox at once; each may take the agent's own timeout.
WORKERS = 8
POLL_SECONDS = 2.0
#: Seconds for one answer: PVE itself waits up to 10 s for a guest agent (PVE::QemuServer::Agent).
ANSWER_SECONDS = 15.0

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


def discover(
    where: Workspace, estate: Estate, say: Say, seconds: float | None = None, stand: Callable[[], Standing] | None = None
) -> Facts:
    """Read every machine's facts and save them; waits at most that long, or `patience` of the plan, and not for what waiting cannot bring.

    `stand` asks the engine what stands, for `renewed`. What was seen is saved in any case.

    Raises ConditionError that lists the machines without an address or a host key, and why.
    """
    sightings = Sightings(missing=asked(where.plan, say))
    seconds = patience(where.plan) if seconds is None else seconds
    try:
        _watch(estate, where.plan, sightings, say, seconds)
    finally:
        fresh = _save(where, sightings, say, stand)
    _complain(sightings, seconds)
    return fresh


def patience(plan: Plan) -> float:
    """Seconds in which every machine must have answered: those of the slowest system among them."""
    return max((system(machine.image.system).answer_seconds for machine in plan.machines), default=0)


def asked(plan: Plan, say: Say) -> dict[str, Reason]:
    """Who is asked, as missing; a machine without a guest agent has nothing to answer with, and its address is static."""
    mute = [machine.name for machine in plan.machines if not machine.agent.enabled]
    if mute:
        say(f"  {', '.join(mute)}: no guest agent (`agent`); pin the SSH host keys, or let bootstrap accept new ones")
    return {machine.name: NOT_ASKED for machine in plan.machines if machine.agent.enabled}


def _save(where: Workspace, sightings: Sightings, say: Say, stand: Callable[[], Standing] | None) -> Facts:
    names = _standing_names(where, stand)
    fresh, unfounded = renewed(where.plan, where.facts, sightings.seen, sightings.gone, names)
    fresh, claimed = without_shared(fresh)
    fresh = refounded(where.plan, fresh, sightings.marks)
    unknown = still_unknown(where.plan, where.facts, sightings.marks, sightings.gone, names, dropped=unfounded)
    fresh = replace(fresh, unknown=unknown)
    save_facts(where.files.facts, fresh)
    save_known_hosts(where.files.known_hosts, where.plan, fresh)
    if unfounded:
        say("  none of the servers that founded the cluster exists any more: it counts as not founded")
    for address, claimants in claimed.items():
        say(f"  {', '.join(claimants)} say that they have {address}: counted as nobody's")
    if strangers := contradicting(sightings.marks):
        say(f"  {', '.join(strangers)} say that they belong to different clusters: nothing is taken from them until that is mended")
    return fresh


def _standing_names(where: Workspace, ask: Callable[[], Standing] | None) -> frozenset[str]:
    """Where the state cannot be seen and there is nobody to ask, all that is under `remove:` counts as standing: its facts are kept."""
    seen = standing_here(where)
    if seen is None and ask is not None:
        seen = ask()
    return frozenset(where.plan.removed if seen is None else seen)


def _watch(estate: Estate, plan: Plan, sightings: Sightings, say: Say, seconds: float) -> None:
    """Ask in rounds until nothing is missing that time may bring, or the time is up."""
    deadline = time.monotonic() + seconds
    told = ""
    with ThreadPoolExecutor(WORKERS) as workers:
        while True:
            try:
                _round(estate, plan, sightings, workers, say)
            except NoAnswer as error:  # pveproxy restarts, a line breaks: once more while there is time
                for name in set(sightings.missing) - sightings.gone:
                    sightings.lack(name, Reason(Kind.UNREACHABLE, error.message, error.cure or ""))
            waited_for = sightings.worth_waiting()
            if not waited_for or time.monotonic() >= deadline:
                return
            told = _tell(waited_for, told, say)
            time.sleep(POLL_SECONDS)


def _round(estate: Estate, plan: Plan, sightings: Sightings, workers: ThreadPoolExecutor, say: Say) -> None:
    """Ask every machine that still lacks something, once."""
    present = machines_on(estate)
    chosen = [machine for machine in plan.machines if machine.name in sightings.missing and machine.name not in sightings.gone]
    vip = plan.load_balancing.vip if plan.load_balancing else None
    answers = workers.map(
        lambda machine: _sight(estate, machine, present.get(machine.vm_id), vip, addresses_of_others(plan, machine)), chosen
    )
    for machine, sighting in zip(chosen, answers, strict=True):
        _take(sightings, machine.name, sighting, say)


def _take(sightings: Sightings, name: str, sighting: Sighting | None, say: Say) -> None:
    if sighting is None:
        sightings.gone.add(name)
        sightings.lack(name, Reason(Kind.MISSING, "does not exist on Proxmox", "runner deploy makes it"))
        return
    if sighting.odd and sightings.odd.get(name) != sighting.odd:
        sightings.odd[name] = sighting.odd
        say(f"  {name}: left out, for it is no address or host key of its own: {', '.join(map(repr, sighting.odd))}")
    if sighting.facts is not None:
        sightings.seen[name] = sighting.facts
    if sighting.mark is not None:
        sightings.marks[name] = sighting.mark
    if sighting.missing is None:
        del sightings.missing[name]
        say(f"  {name}: {_words(sightings.seen[name])}")
    else:
        sightings.lack(name, sighting.missing)


def _sight(estate: Estate, machine: Machine, vm: EstateMachine | None, vip: str | None, others: frozenset[str]) -> Sighting | None:
    """Ask one machine; None when Proxmox says that it does not exist."""
    if vm is None:
        return None if is_gone(estate, machine.pve_node, machine.vm_id) else Sighting(None, UNLISTED)
    addresses = addresses_of(estate, vm)
    if addresses.reason and addresses.reason.mute:
        return Sighting(None, _cause(estate, vm, addresses.reason))
    sighting = sighting_of(machine, addresses, host_keys(estate, vm), vip, others)
    return replace(sighting, mark=founded_mark(estate, vm) if machine.role == "server" else None)


UNLISTED = Reason(Kind.MISSING, "Proxmox does not list it to this token", "runner doctor tells the privilege that is missing")


def _cause(estate: Estate, vm: EstateMachine, reason: Reason) -> Reason:
    """An agent is silent in a VM that stands still, too: its PVE node knows."""
    return (reason.kind is Kind.SILENT and standstill(vm, power_of(estate, vm))) or reason


def _words(facts: MachineFacts) -> str:
    addresses = ", ".join(found[0] for found in facts.addresses.values())
    return f"{addresses} ({', '.join(key.split()[0] for key in facts.host_keys)})"


def _tell(missing: Mapping[str, Reason], told: str, say: Say) -> str:
    """Say what is waited for, when it is not what was said last."""
    line = "  waiting for: " + "; ".join(f"{', '.join(names)} {reason}" for reason, names in _by_reason(missing).items())
    if line != told:
        say(line)
    return line


def _by_reason(missing: Mapping[str, Reason]) -> dict[str, list[str]]:
    reasons: dict[str, list[str]] = {}
    for name, reason in missing.items():
        reasons.setdefault(reason.words, []).append(name)
    return reasons


def _complain(sightings: Sightings, seconds: float) -> None:
    if not sightings.missing:
        return
    lines = "\n".join(f"  {', '.join(names)}: {reason}" for reason, names in _by_reason(sightings.missing).items())
    if not set(sightings.missing) - sightings.gone:
        raise ConditionError(f"not every machine exists:\n{lines}", cure="runner deploy")
    waited = f"after {seconds:g} s not every machine is known"
    message = waited if sightings.worth_waiting() else "not every machine is known, and waiting longer would not help"
    cures = dict.fromkeys(line for reason in sightings.missing.values() for line in reason.cure.splitlines())
    cure = "\n".join([*(cures or ["look at its console in Proxmox"]), "then `runner discover`"])
    raise ConditionError(f"{message}:\n{lines}", cure=cure)
