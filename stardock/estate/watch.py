"""Asks machines what they were given and made themselves, addresses and SSH host keys, in rounds, until all have answered.

Bounded, concurrent, and content with nothing less than what bootstrap needs: of every machine its address and a host key.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from stardock.estate.agent import addresses_of, founded_mark, host_keys
from stardock.estate.connection import Estate
from stardock.estate.machines import EstateMachine, is_gone, machines_on
from stardock.estate.power import power_of, standstill
from stardock.estate.reasons import Kind, Reason
from stardock.estate.refusals import NoAnswer
from stardock.estate.sighting import Sighting, addresses_of_others, sighting_of
from stardock.estate.sightings import Sightings, by_reason
from stardock.model.facts import MachineFacts
from stardock.model.machine import Machine
from stardock.model.plan import Plan
from stardock.step import Say
from stardock.systems import system

#: Questions to Proxmox at once; each may take the agent's own timeout.
WORKERS = 8
POLL_SECONDS = 2.0
#: Seconds for one answer: PVE itself waits up to 10 s for a guest agent (PVE::QemuServer::Agent).
ANSWER_SECONDS = 15.0


def patience(plan: Plan) -> float:
    """Seconds in which every machine must have answered: those of the slowest system among them."""
    return max((system(machine.image.system).answer_seconds for machine in plan.machines), default=0)


def watch(estate: Estate, plan: Plan, sightings: Sightings, say: Say, seconds: float) -> None:
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
    vips = plan.load_balancing.vips if plan.load_balancing else ()
    answers = workers.map(
        lambda machine: _sight(estate, machine, present.get(machine.vm_id), vips, addresses_of_others(plan, machine)), chosen
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


def _sight(estate: Estate, machine: Machine, vm: EstateMachine | None, vips: Sequence[str], others: frozenset[str]) -> Sighting | None:
    """Ask one machine; None when Proxmox says that it does not exist."""
    if vm is None:
        return None if is_gone(estate, machine.pve_node, machine.vm_id) else Sighting(None, UNLISTED)
    addresses = addresses_of(estate, vm)
    if addresses.reason and addresses.reason.mute:
        return Sighting(None, _cause(estate, vm, addresses.reason))
    sighting = sighting_of(machine, addresses, host_keys(estate, vm), vips, others)
    return replace(sighting, mark=founded_mark(estate, vm) if machine.role == "server" else None)


UNLISTED = Reason(Kind.MISSING, "Proxmox does not list it to this token", "runner doctor tells the privilege that is missing")


def _cause(estate: Estate, vm: EstateMachine, reason: Reason) -> Reason:
    """An agent is silent in a VM that is stopped, too: its PVE node knows."""
    return (reason.kind is Kind.SILENT and standstill(vm, power_of(estate, vm))) or reason


def _words(facts: MachineFacts) -> str:
    addresses = ", ".join(found[0] for found in facts.addresses.values())
    return f"{addresses} ({', '.join(key.split()[0] for key in facts.host_keys)})"


def _tell(missing: Mapping[str, Reason], told: str, say: Say) -> str:
    """Say what is waited for, when it is not what was said last."""
    line = "  waiting for: " + "; ".join(f"{', '.join(names)} {reason}" for reason, names in by_reason(missing).items())
    if line != told:
        say(line)
    return line
