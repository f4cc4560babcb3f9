"""Moves that would bring machines to where they would be placed today. Proposed by name; nobody makes them but a person. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from stardock.model.machine import Machine, Role
from stardock.model.settings import PveNode
from stardock.plan.allocation.hosts import APART
from stardock.plan.allocation.placement import Room


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One machine from one PVE node to another, and why."""

    machine: Machine
    to: str
    why: str


@dataclass(slots=True)
class _Board:
    """Machines where they would be after the moves so far."""

    nodes: tuple[str, ...]
    may_use: Mapping[str, Sequence[str]]
    machines: dict[str, Machine]
    room: Room
    counts: defaultdict[Role, Counter[str]]
    moved: set[str]

    def targets(self, machine: Machine) -> list[str]:
        """PVE nodes that may take the machine and have room, the emptiest of its role first."""
        fit = [node for node in self.may_use[machine.name] if node != machine.pve_node and self.room.fits(node, machine.memory_mib)]
        return sorted(fit, key=lambda node: self.counts[machine.role][node])

    def move(self, machine: Machine, to: str, why: str) -> Move:
        self.room.take(machine.pve_node, -machine.memory_mib)
        self.room.take(to, machine.memory_mib)
        self.counts[machine.role][machine.pve_node] -= 1
        self.counts[machine.role][to] += 1
        self.machines[machine.name] = replace(machine, pve_node=to)
        self.moved.add(machine.name)
        return Move(machine=machine, to=to, why=why)

    def last_first(self) -> list[Machine]:
        """Machines that were not moved yet, those of the latest names first: the founder moves last of all."""
        return [machine for machine in reversed(self.machines.values()) if machine.name not in self.moved]


def rebalance(nodes: Sequence[PveNode], machines: Sequence[Machine], may_use: Mapping[str, Sequence[str]]) -> tuple[Move, ...]:
    """Moves, each machine at most once: off PVE nodes that it may not use, off those that are too full, apart, then even.

    `machines` stand in plan order; `may_use` names the PVE nodes of each that may move at all.
    """
    board = _board(nodes, machines, may_use)
    return (*_home(board), *_relieved(board), *_apart(board), *_even(board))


def _board(nodes: Sequence[PveNode], machines: Sequence[Machine], may_use: Mapping[str, Sequence[str]]) -> _Board:
    room = Room({node.name: node.memory_mib for node in nodes if node.memory_mib})
    counts: defaultdict[Role, Counter[str]] = defaultdict(Counter)
    for machine in machines:
        room.take(machine.pve_node, machine.memory_mib)
        counts[machine.role][machine.pve_node] += 1
    movable = {machine.name: machine for machine in machines if machine.name in may_use}
    return _Board(tuple(node.name for node in nodes), may_use, movable, room, counts, set())


def _home(board: _Board) -> Iterator[Move]:
    for machine in board.last_first():
        if machine.pve_node not in board.may_use[machine.name]:
            targets = board.targets(machine)
            if targets:
                yield board.move(machine, targets[0], f"its `nodes` do not name {machine.pve_node}")


def _relieved(board: _Board) -> Iterator[Move]:
    """Agents first: they are drained and nobody counts them."""
    for machine in sorted(board.last_first(), key=lambda one: one.role in APART):
        if board.room.left.get(machine.pve_node, 0) < 0:
            targets = [node for node in board.targets(machine) if machine.role not in APART or not board.counts[machine.role][node]]
            if targets:
                yield board.move(machine, targets[0], f"{machine.pve_node} carries more memory than it has")


def _apart(board: _Board) -> Iterator[Move]:
    for machine in board.last_first():
        if machine.role in APART and board.counts[machine.role][machine.pve_node] > 1:
            targets = [node for node in board.targets(machine) if not board.counts[machine.role][node]]
            if targets:
                yield board.move(machine, targets[0], f"{machine.pve_node} carries another {machine.role}, and {targets[0]} none")


def _even(board: _Board) -> Iterator[Move]:
    """A move counts when the PVE node that it leaves still has as many of the role as the one that it goes to."""
    for machine in board.last_first():
        counts = board.counts[machine.role]
        targets = board.targets(machine)
        if targets and counts[machine.pve_node] >= counts[targets[0]] + 2:
            why = f"{machine.pve_node} carries {counts[machine.pve_node]} of that role, {targets[0]} {counts[targets[0]]}"
            yield board.move(machine, targets[0], why)
