"""What each PVE node carries of this cluster, in sum and in per cent. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from stardock.model.machine import Machine
from stardock.model.plan import Plan
from stardock.model.settings import PveNode


@dataclass(frozen=True, slots=True)
class Amount:
    """How much is taken, how much there is (None: not known), and how much the whole cluster takes. One unit throughout."""

    taken: int
    there: int | None
    cluster: int

    @property
    def percent(self) -> float | None:
        """Taken of what is there, in per cent; None when that is not known."""
        return None if not self.there else round(100 * self.taken / self.there, 1)

    @property
    def share(self) -> float:
        """Taken of what the cluster takes, in per cent."""
        return round(100 * self.taken / self.cluster, 1) if self.cluster else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """One PVE node (`name` None: all of them). Memory in MiB, disks in GiB, data disks and shared datastores included."""

    name: str | None
    machines: tuple[Machine, ...]
    memory: Amount
    cores: Amount
    disks: Amount

    @property
    def datastores(self) -> dict[str, int]:
        """GiB by datastore."""
        sums: dict[str, int] = {}
        for datastore, gib in _disks(self.machines):
            sums[datastore] = sums.get(datastore, 0) + gib
        return dict(sorted(sums.items()))


def loads(plan: Plan) -> tuple[Load, ...]:
    """Each PVE node's load, in declared order, those that only machines name last; then the sum of all."""
    nodes = {node.name: node for node in plan.proxmox.nodes}
    existing: dict[str, list[Machine]] = {name: [] for name in nodes}
    for machine in plan.machines:
        existing.setdefault(machine.pve_node, []).append(machine)
    each = [_load(name, [nodes.get(name) or PveNode(name=name)], machines, plan) for name, machines in existing.items()]
    return (*each, _load(None, list(nodes.values()), plan.machines, plan))


def _load(name: str | None, nodes: list[PveNode], machines: Iterable[Machine], plan: Plan) -> Load:
    own = tuple(machines)
    return Load(
        name=name,
        machines=own,
        memory=Amount(_memory(own), _sum([node.memory_mib for node in nodes]), _memory(plan.machines)),
        cores=Amount(_cores(own), _sum([node.cores for node in nodes]), _cores(plan.machines)),
        disks=Amount(_gib(own), _sum([node.disk_gib for node in nodes]), _gib(plan.machines)),
    )


def _sum(given: list[int | None]) -> int | None:
    """The sum where all are known."""
    known = [amount for amount in given if amount is not None]
    return sum(known) if known and len(known) == len(given) else None


def _memory(machines: Iterable[Machine]) -> int:
    return sum(machine.memory_mib for machine in machines)


def _cores(machines: Iterable[Machine]) -> int:
    return sum(machine.cores for machine in machines)


def _gib(machines: Iterable[Machine]) -> int:
    return sum(gib for _, gib in _disks(machines))


def _disks(machines: Iterable[Machine]) -> Iterator[tuple[str, int]]:
    for machine in machines:
        yield machine.disk_datastore, machine.disk_gib
        yield from ((disk.datastore, disk.size_gib) for disk in machine.data_disks)
