"""What the facts become by what machines told: pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from stardock.estate.sightings import Sightings
from stardock.model.facts import Facts, Founded, MachineFacts
from stardock.model.plan import Plan


def learned(plan: Plan, facts: Facts, sightings: Sightings, existing: frozenset[str]) -> tuple[Facts, tuple[str, ...]]:
    """Give the facts after a discovery, and lines on what of the machines' word was not taken."""
    fresh, unfounded = renewed(plan, facts, sightings.seen, sightings.gone, existing)
    fresh, claimed = without_shared(fresh)
    fresh = refounded(plan, fresh, sightings.marks)
    fresh = replace(fresh, unknown=still_unknown(plan, facts, sightings.marks, sightings.gone, existing, dropped=unfounded))
    lines = ["  none of the servers that founded the cluster exists any more: it counts as not founded"] if unfounded else []
    lines += [f"  {', '.join(claimants)} say that they have {address}: counted as nobody's" for address, claimants in claimed.items()]
    if strangers := contradicting(sightings.marks):
        lines.append(
            f"  {', '.join(strangers)} say that they belong to different clusters: nothing is taken from them until that is mended"
        )
    return fresh, tuple(lines)


def renewed(
    plan: Plan, facts: Facts, seen: Mapping[str, MachineFacts], gone: set[str], existing: frozenset[str] = frozenset()
) -> tuple[Facts, bool]:
    """Bring the facts up to date; also tells whether `founded` was dropped.

    What was read replaces what was known, part by part; machines that are gone or no longer planned are dropped; one that was silent
    keeps what was known of it, and so does a host, which Proxmox does not know, and one under `remove:` while it exists (`existing`: the
    names in the engine's state), since the gate must know that it once answered. `founded` goes when no server recorded in it still
    carries a host key that it had then.
    """
    leaving = [name for name in plan.removed if name in existing]
    names = [*(member.name for member in plan.members if member.name not in gone), *leaving]
    machines = {name: _newer(facts.machines.get(name), seen.get(name)) for name in names}
    known = {name: machine for name, machine in machines.items() if machine is not None}
    founded = facts.founded if facts.founded and _still_exists(facts.founded, known) else None
    return replace(facts, machines=known, founded=founded), founded != facts.founded


def without_shared(facts: Facts) -> tuple[Facts, Mapping[str, tuple[str, ...]]]:
    """Leave out addresses that several machines say they have, and tell which: what is done to one must not meet another."""
    owners: dict[str, set[str]] = {}
    for name, machine in facts.machines.items():
        for address in {one for found in machine.addresses.values() for one in found}:
            owners.setdefault(address, set()).add(name)
    shared = {address: tuple(sorted(names)) for address, names in sorted(owners.items()) if len(names) > 1}
    machines = {name: replace(machine, addresses=_less(machine.addresses, shared)) for name, machine in facts.machines.items()}
    return replace(facts, machines=machines), shared


def _less(addresses: Mapping[str, tuple[str, ...]], shared: Collection[str]) -> dict[str, tuple[str, ...]]:
    kept = {nic: tuple(one for one in found if one not in shared) for nic, found in addresses.items()}
    return {nic: found for nic, found in kept.items() if found}


def refounded(plan: Plan, facts: Facts, marks: Mapping[str, str]) -> Facts:
    """Learn again that the cluster is founded, from the marks on its servers: the facts were lost, or are another person's.

    Marks of different clusters prove nothing; bootstrap refuses them with a cure.
    """
    clusters = set(filter(None, marks.values()))
    if facts.founded is not None or len(clusters) != 1:
        return facts
    servers = {server.name: facts.machines[server.name].host_keys for server in plan.of_role("server") if server.name in facts.machines}
    return replace(facts, founded=Founded(ca_sha256=clusters.pop(), servers=servers))


def still_unknown(
    plan: Plan, facts: Facts, marks: Mapping[str, str], gone: Collection[str], existing: Collection[str], *, dropped: bool
) -> tuple[str, ...]:
    """Servers that exist and never said whether they are founded: those of before, less who said it now (`marks`).

    All of them where `founded` was `dropped`. What is under `remove:` is not asked, so it stays among them while it exists.
    """
    there = {server.name for server in plan.of_role("server") if server.name not in gone} | set(existing) & set(plan.removed)
    before = there if dropped else there & set(facts.unknown)
    return tuple(sorted(before - marks.keys() | there & set(contradicting(marks))))


def contradicting(marks: Mapping[str, str]) -> tuple[str, ...]:
    """Servers whose marks name different clusters: which one is right only a person can say, and one that lies must not free its peers."""
    bearers = {name: mark for name, mark in marks.items() if mark}
    return tuple(sorted(bearers)) if len(set(bearers.values())) > 1 else ()


def _newer(old: MachineFacts | None, new: MachineFacts | None) -> MachineFacts | None:
    if old is None or new is None:
        return new or old
    return MachineFacts(addresses=new.addresses or old.addresses, host_keys=new.host_keys or old.host_keys)


def _still_exists(founded: Founded, machines: Mapping[str, MachineFacts]) -> bool:
    return any(set(keys) & set(machines[name].host_keys) for name, keys in founded.servers.items() if name in machines)
