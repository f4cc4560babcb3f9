"""What is to be said of where machines are: PVE nodes too full, machines that would be lost together, machines that exist elsewhere."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from stardock.errors import Problem
from stardock.fold import SHORTEST, fold
from stardock.model.machine import Machine, Role
from stardock.plan.allocation.declared import Declared
from stardock.plan.allocation.hosts import APART, allowed
from stardock.plan.allocation.placement import Room
from stardock.plan.views.losses import quorum
from stardock.spec.places import at

if TYPE_CHECKING:  # pydantic takes a tenth of a second
    from stardock.spec.cluster import Spec

#: PVE nodes that one warning names.
SHOWN = 3
PLURAL = {"server": "servers", "agent": "agents", "loadbalancer": "load balancers"}


def gibibytes(mib: int) -> str:
    """Memory as cluster.yaml would say it."""
    return f"{mib // 1024}GiB" if mib % 1024 == 0 else f"{mib}MiB"


def too_full(spec: Spec, every: Sequence[Declared], existing: Collection[str], machines: Mapping[str, Machine]) -> Iterator[Problem]:
    """New machines on a PVE node that has no room for them. Memory of machines that exist may grow beyond it: that is a warning."""
    for name, capacity, taken in _overfull(spec, machines):
        new = [declared for declared in every if declared.name not in existing and machines[declared.name].pve_node == name]
        if new:
            who = fold([one.name for one in new])
            message = f"no room for {who}: {name} would carry {gibibytes(taken)} of machines and has {gibibytes(capacity)}"
            cure = f"nor has another PVE node that they may use: give them less `memory`, or other `nodes`; or correct the memory of {name}"
            cure += " in `proxmox.nodes`; where that does not say it, `runner lock memory` reads it anew"
            yield at(spec, new[-1].keys, message, cure)


def _overfull(spec: Spec, machines: Mapping[str, Machine]) -> Iterator[tuple[str, int, int]]:
    """(PVE node, its memory, what machines take), in MiB."""
    taken = _taken(machines)
    for node in spec.proxmox.nodes:
        if node.memory and taken[node.name] > node.memory:
            yield node.name, node.memory, taken[node.name]


def _taken(machines: Mapping[str, Machine]) -> Counter[str]:
    """Memory in MiB by PVE node."""
    taken: Counter[str] = Counter()
    for machine in machines.values():
        taken[machine.pve_node] += machine.memory_mib
    return taken


def placement_warnings(spec: Spec, every: Sequence[Declared], machines: Mapping[str, Machine]) -> Iterator[str]:
    """Warnings about a plan that is valid all the same."""
    for name, capacity, taken in _overfull(spec, machines):
        yield f"{name} carries {gibibytes(taken)} of machines and has {gibibytes(capacity)}; `runner rebalance` proposes moves"
    may_use = {declared.name: allowed(declared, [node.name for node in spec.proxmox.nodes]) for declared in every}
    may_move = _may_move(spec, every, machines, may_use)
    for role in APART:
        yield from _together(role, [machine for machine in machines.values() if machine.role == role], may_move)
    yield from _elsewhere(every, machines, may_use)


def _may_move(
    spec: Spec, every: Sequence[Declared], machines: Mapping[str, Machine], may_use: Mapping[str, Sequence[str]]
) -> dict[str, list[str]]:
    """The PVE nodes that would take a machine today; none for one that `pve_node` pins. Agents are not asked for."""
    taken = _taken(machines)
    room = Room({node.name: node.memory - taken[node.name] for node in spec.proxmox.nodes if node.memory})
    asked = [declared for declared in every if declared.role in APART and not declared.own.pve_node]
    return {one.name: [node for node in may_use[one.name] if room.fits(node, machines[one.name].memory_mib)] for one in asked}


def _together(role: Role, machines: Sequence[Machine], may_move: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Machines of a role that would be lost together: never without a word."""
    by_node: defaultdict[str, list[str]] = defaultdict(list)
    for machine in machines:
        by_node[machine.pve_node].append(machine.name)
    shared = {node: names for node, names in by_node.items() if len(names) > 1}
    if shared:
        parts = [f"{node} carries {_names(names)}" for node, names in list(shared.items())[:SHOWN]]
        parts += [f"{len(shared) - SHOWN} more are shared too"] if len(shared) > SHOWN else []
        free = any(set(may_move.get(name, ())) - set(by_node) for names in shared.values() for name in names)
        cure = "`runner rebalance` says how to part them" if free else "there are too few PVE nodes that they may use and that have room"
        yield f"{PLURAL[role]} share a PVE node: {', '.join(parts)}{_consequence(role, len(machines), shared)}; {cure}"


def _names(names: Sequence[str]) -> str:
    return " and ".join(names) if len(names) < SHORTEST else fold(names)


def _consequence(role: Role, total: int, shared: Mapping[str, Sequence[str]]) -> str:
    what = "etcd's quorum" if role == "server" else "the VIP"
    needed = quorum(total) if role == "server" else 1
    fatal = [node for node, names in shared.items() if total - len(names) < needed]
    return f"; the loss of {' or '.join(fatal)} takes {what}" if fatal else ""


def _elsewhere(every: Sequence[Declared], machines: Mapping[str, Machine], may_use: Mapping[str, Sequence[str]]) -> Iterator[str]:
    away: defaultdict[str, list[str]] = defaultdict(list)
    for declared in every:
        node = machines[declared.name].pve_node
        if node not in may_use[declared.name] and not declared.own.pve_node:
            away[node].append(declared.name)
    for node, names in away.items():
        yield f"on {node}, which their `nodes` do not name: {fold(names)}; they stay there, `runner rebalance` says how to move them"
