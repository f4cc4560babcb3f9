"""Reads what the machines were given and made themselves: addresses and SSH host keys, through Proxmox, into the facts.

Bounded, concurrent, and content with nothing less than what bootstrap needs: of every machine its address and a host key.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from stardock.errors import ConditionError
from stardock.estate.agent import AgentSilent, addresses_by_mac, founded_mark, host_keys
from stardock.estate.connection import Estate, NoAnswer
from stardock.estate.machines import EstateMachine, is_gone, machines_on
from stardock.facts import Facts, Founded, MachineFacts, save_facts, save_known_hosts
from stardock.plan.model import Ipv6, Machine, Plan
from stardock.stages.step import Say
from stardock.standing import Standing
from stardock.systems import system
from stardock.workspace import Workspace, standing_here

#: Questions to Proxmox at once; each may take the agent's own timeout.
WORKERS = 8
POLL_SECONDS = 2.0
#: Seconds for one answer: PVE itself waits up to 10 s for a guest agent (PVE::QemuServer::Agent).
ANSWER_SECONDS = 15.0

_IPV4 = "."


@dataclass(frozen=True, slots=True)
class Sighting:
    """What one machine said in one round. `missing` says what bootstrap still lacks; None: nothing. `mark`: of its founded cluster."""

    facts: MachineFacts | None
    missing: str | None
    mark: str = ""


@dataclass(slots=True)
class Sightings:
    """All rounds together. `gone` are the machines that Proxmox says do not exist."""

    seen: dict[str, MachineFacts] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    marks: dict[str, str] = field(default_factory=dict)


def discover(
    where: Workspace, estate: Estate, say: Say, seconds: float | None = None, stand: Callable[[], Standing] | None = None
) -> Facts:
    """Read every machine's facts and save them; waits at most that long, or `patience` of the plan.

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


def asked(plan: Plan, say: Say) -> dict[str, str]:
    """Who is asked, as missing; a machine without a guest agent has nothing to answer with, and its address is static."""
    mute = [machine.name for machine in plan.machines if not machine.agent.enabled]
    if mute:
        say(f"  {', '.join(mute)}: no guest agent (`agent`); pin the SSH host keys, or let bootstrap accept new ones")
    return {machine.name: "not asked yet" for machine in plan.machines if machine.agent.enabled}


def _save(where: Workspace, sightings: Sightings, say: Say, stand: Callable[[], Standing] | None) -> Facts:
    names = _standing_names(where, stand)
    fresh, unfounded = renewed(where.plan, where.facts, sightings.seen, sightings.gone, names)
    fresh = refounded(where.plan, fresh, sightings.marks)
    save_facts(where.files.facts, fresh)
    save_known_hosts(where.files.known_hosts, where.plan, fresh)
    if unfounded:
        say("  none of the servers that founded the cluster exists any more: it counts as not founded")
    return fresh


def _standing_names(where: Workspace, ask: Callable[[], Standing] | None) -> frozenset[str]:
    """Where the state cannot be seen and there is nobody to ask, all that is under `remove:` counts as standing: its facts are kept."""
    seen = standing_here(where)
    if seen is None and ask is not None:
        seen = ask()
    return frozenset(where.plan.removed if seen is None else seen)


def renewed(
    plan: Plan, facts: Facts, seen: Mapping[str, MachineFacts], gone: set[str], stand: frozenset[str] = frozenset()
) -> tuple[Facts, bool]:
    """Bring the facts up to date; also tells whether `founded` was dropped.

    What was read replaces what was known, part by part; machines that are gone or no longer planned are dropped; one that was silent
    keeps what was known of it, and so does one under `remove:` while it stands (`stand`: the names in the engine's state), since the
    gate must know that it once answered. `founded` goes when no server recorded in it still carries a host key that it had then.
    """
    leaving = [name for name in plan.removed if name in stand]
    names = [*(machine.name for machine in plan.machines if machine.name not in gone), *leaving]
    machines = {name: _newer(facts.machines.get(name), seen.get(name)) for name in names}
    known = {name: machine for name, machine in machines.items() if machine is not None}
    founded = facts.founded if facts.founded and _still_stands(facts.founded, known) else None
    return replace(facts, machines=known, founded=founded), founded != facts.founded


def refounded(plan: Plan, facts: Facts, marks: Mapping[str, str]) -> Facts:
    """Learn again that the cluster is founded, from the marks on its servers: the facts were lost, or are another person's.

    Marks of different clusters prove nothing; bootstrap refuses them with a cure.
    """
    clusters = set(marks.values())
    if facts.founded is not None or len(clusters) != 1:
        return facts
    servers = {server.name: facts.machines[server.name].host_keys for server in plan.of_role("server") if server.name in facts.machines}
    return replace(facts, founded=Founded(ca_sha256=clusters.pop(), servers=servers))


def _newer(old: MachineFacts | None, new: MachineFacts | None) -> MachineFacts | None:
    if old is None or new is None:
        return new or old
    return MachineFacts(addresses=new.addresses or old.addresses, host_keys=new.host_keys or old.host_keys)


def _still_stands(founded: Founded, machines: Mapping[str, MachineFacts]) -> bool:
    return any(set(keys) & set(machines[name].host_keys) for name, keys in founded.servers.items() if name in machines)


def _watch(estate: Estate, plan: Plan, sightings: Sightings, say: Say, seconds: float) -> None:
    """Ask in rounds until nothing is missing or the time is up."""
    deadline = time.monotonic() + seconds
    told = ""
    with ThreadPoolExecutor(WORKERS) as workers:
        while True:
            try:
                _round(estate, plan, sightings, workers, say)
            except NoAnswer as error:  # pveproxy restarts, a line breaks: once more while there is time
                sightings.missing |= dict.fromkeys(set(sightings.missing) - sightings.gone, error.message)
            if not set(sightings.missing) - sightings.gone or time.monotonic() >= deadline:
                return
            told = _tell(sightings.missing, told, say)
            time.sleep(POLL_SECONDS)


def _round(estate: Estate, plan: Plan, sightings: Sightings, workers: ThreadPoolExecutor, say: Say) -> None:
    """Ask every machine that still lacks something, once."""
    present = machines_on(estate)
    chosen = [machine for machine in plan.machines if machine.name in sightings.missing and machine.name not in sightings.gone]
    vip = plan.load_balancing.vip if plan.load_balancing else None
    answers = workers.map(lambda machine: _sight(estate, machine, present.get(machine.vm_id), vip), chosen)
    for machine, sighting in zip(chosen, answers, strict=True):
        _take(sightings, machine.name, sighting, say)


def _take(sightings: Sightings, name: str, sighting: Sighting | None, say: Say) -> None:
    if sighting is None:
        sightings.gone.add(name)
        sightings.missing[name] = "does not exist on Proxmox"
        return
    if sighting.facts is not None:
        sightings.seen[name] = sighting.facts
    if sighting.mark:
        sightings.marks[name] = sighting.mark
    if sighting.missing is None:
        del sightings.missing[name]
        say(f"  {name}: {_words(sightings.seen[name])}")
    else:
        sightings.missing[name] = sighting.missing


def _sight(estate: Estate, machine: Machine, vm: EstateMachine | None, vip: str | None) -> Sighting | None:
    """Ask one machine; None when Proxmox says that it does not exist."""
    if vm is None:
        return None if is_gone(estate, machine.pve_node, machine.vm_id) else Sighting(None, "Proxmox does not list it to this token")
    if not vm.running:
        return Sighting(None, "is not running")
    try:
        sighting = sighting_of(machine, addresses_by_mac(estate, vm), host_keys(estate, vm), vip)
        return replace(sighting, mark=founded_mark(estate, vm) if machine.role == "server" else "")
    except AgentSilent:
        return Sighting(None, "guest agent is silent")


def sighting_of(machine: Machine, by_mac: Mapping[str, Sequence[str]], keys: tuple[str, ...], vip: str | None) -> Sighting:
    """Match addresses to interfaces by MAC; the VIP belongs to nobody. Tells what is missing for bootstrap."""
    addresses = {nic.name: _ipv4_first(by_mac.get(nic.mac.upper(), ()), vip) for nic in machine.interfaces}
    present = {name: found for name, found in addresses.items() if found}
    missing = _missing(machine, present) or (None if keys else "has no SSH host key yet")
    return Sighting(MachineFacts(addresses=present, host_keys=keys) if present or keys else None, missing)


def _ipv4_first(found: Sequence[str], vip: str | None) -> tuple[str, ...]:
    return tuple(sorted((address for address in found if address != vip), key=lambda address: _IPV4 not in address))


def _missing(machine: Machine, addresses: Mapping[str, Sequence[str]]) -> str | None:
    """Say which address is not there. For DHCP's IPv4 one by router advertisement does not count, which comes sooner."""
    for nic in machine.interfaces:
        found = addresses.get(nic.name, ())
        if nic.address is not None and nic.address not in found:
            return f"does not have {nic.address} on {nic.name} ({', '.join(found) or 'no address'})"
        if nic.address is None and not any(_IPV4 in address for address in found):
            return f"has no address on {nic.name}"
        if nic.ipv6 is not None and not _has_ipv6(nic.ipv6, found):
            return f"does not have {nic.ipv6.address or f'IPv6 by {nic.ipv6.mode}'} on {nic.name} ({', '.join(found)})"
    return None


def _has_ipv6(wanted: Ipv6, found: Sequence[str]) -> bool:
    return wanted.address in found if wanted.mode == "static" else any(":" in address for address in found)


def _words(facts: MachineFacts) -> str:
    addresses = ", ".join(found[0] for found in facts.addresses.values())
    return f"{addresses} ({', '.join(key.split()[0] for key in facts.host_keys)})"


def _tell(missing: Mapping[str, str], told: str, say: Say) -> str:
    """Say what is waited for, when it is not what was said last."""
    line = "  waiting for: " + "; ".join(f"{', '.join(names)} {reason}" for reason, names in _by_reason(missing).items())
    if line != told:
        say(line)
    return line


def _by_reason(missing: Mapping[str, str]) -> dict[str, list[str]]:
    reasons: dict[str, list[str]] = {}
    for name, reason in missing.items():
        reasons.setdefault(reason, []).append(name)
    return reasons


def _complain(sightings: Sightings, seconds: float) -> None:
    if not sightings.missing:
        return
    lines = [f"  {', '.join(names)}: {reason}" for reason, names in _by_reason(sightings.missing).items()]
    waited = set(sightings.missing) - sightings.gone
    message = f"after {seconds:g} s not every machine is known" if waited else "not every machine exists"
    cure = "look at its console in Proxmox; then `runner discover`" if waited else "runner deploy"
    raise ConditionError(message + ":\n" + "\n".join(lines), cure=cure)
