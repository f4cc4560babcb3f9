"""The PVE node of every machine, existing or new: explicit, as the lock says, or newly placed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from stardock.model.lock import LockedMachine
from stardock.model.machine import ROLES, Role
from stardock.model.settings import PveNode
from stardock.plan.allocation.declared import Declared
from stardock.plan.allocation.placement import Newcomer, Room, place

#: Roles whose machines are not to be lost together.
APART: tuple[Role, ...] = ("loadbalancer", "server")


def allowed(declared: Declared, nodes: Sequence[str]) -> Sequence[str]:
    """The PVE nodes that may carry a machine, in declared order: its own, else its pool's, else all; all when none of them exists."""
    named = frozenset(declared.own.nodes or declared.pool.nodes or nodes)
    return [node for node in nodes if node in named] or nodes


def memory(declared: Declared) -> int:
    """What the machine is to have, in MiB: memory follows cluster.yaml at the next power cycle, whatever the lock says."""
    return declared.own.memory or declared.pool.memory


def hosts(nodes: Sequence[PveNode], every: Sequence[Declared], locked: Mapping[str, LockedMachine]) -> dict[str, str]:
    """PVE nodes by name. Machines that exist, and explicit ones, count before the first new one is placed."""
    fixed = {
        declared.name: declared.own.pve_node or locked[declared.name].record.pve_node
        for declared in every
        if declared.own.pve_node or declared.name in locked
    }
    occupied = _Occupied(nodes)
    for name, machine in locked.items():
        if not machine.retired and name not in fixed:
            occupied.add(machine.record.role, machine.record.pve_node, machine.record.memory_mib)
    names = [node.name for node in nodes]
    new: defaultdict[Role, list[Newcomer]] = defaultdict(list)
    for declared in every:
        if declared.name in fixed:
            for node in _nodes_of(declared, locked, fixed[declared.name]):
                occupied.add(declared.role, node, memory(declared))
        else:
            new[declared.role].append(Newcomer(declared.name, allowed(declared, names), memory(declared)))
    placed = dict(fixed)
    for role in ROLES:
        placed |= place(new[role], occupied.of_role[role], occupied.room, apart=role in APART)
    return placed


def _nodes_of(declared: Declared, locked: Mapping[str, LockedMachine], fixed: str) -> Iterable[str]:
    """Where a machine is, and where it is wished to be: until that is accepted, both are taken."""
    before = locked.get(declared.name)
    return dict.fromkeys([fixed, *([before.record.pve_node] if before and not before.retired else [])])


class _Occupied:
    """PVE nodes of the machines that are placed, by role, and the memory that they leave."""

    def __init__(self, nodes: Sequence[PveNode]) -> None:
        self.of_role: defaultdict[Role, list[str]] = defaultdict(list)
        self.room = Room({node.name: node.memory_mib for node in nodes if node.memory_mib})

    def add(self, role: Role, node: str, mib: int) -> None:
        self.of_role[role].append(node)
        self.room.take(node, mib)
