"""What each name gets: numbers, PVE node, VM id, MACs, addresses. Names that the lock holds keep theirs (invariant 1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING

from stardock.model.lock import Lock, LockedMachine
from stardock.model.machine import Interface
from stardock.model.settings import PveNode
from stardock.plan.allocation import addresses, identity
from stardock.plan.allocation.counting import Counters, Numbers
from stardock.plan.allocation.declared import V4, V6, Declared
from stardock.plan.allocation.hosts import hosts
from stardock.plan.allocation.vm_ids import vm_ids
from stardock.spec.rules.addresses import unfit

if TYPE_CHECKING:  # pydantic takes a tenth of a second
    from stardock.spec.interface import Static, StaticV6


@dataclass(frozen=True, slots=True, kw_only=True)
class Nic:
    """What is one NIC's alone; None where an address is not static."""

    mac: str
    address: str | None
    address_v6: str | None


#: Interface -> what it got.
Nics = Mapping[str, Nic]


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocated:
    """What one name gets if its explicit values are accepted."""

    numbers: Numbers
    pve_node: str
    vm_id: int
    nics: Nics


def allocate(lock: Lock, nodes: Sequence[PveNode], every: Sequence[Declared]) -> tuple[dict[str, Allocated], frozenset[str]]:
    """Allocate for all wanted machines, in declared order; also the retired names whose values were given away.

    `nodes` are the PVE nodes in declared order. Precedence: explicit value > lock > the pool's range. What cannot be (an address
    outside of its subnet, a taken one) is given all the same: `stardock.plan.rules.allocated` tells it together with all other problems.
    """
    counters = Counters(lock.machines, {declared.name: declared.pool.name for declared in every})
    numbers = {declared.name: counters.numbers(declared) for declared in every}
    locked = {name: machine for name, machine in lock.machines.items() if name not in counters.reused}
    pve_nodes = hosts(nodes, every, locked)
    given_ids = vm_ids(every, locked, numbers)
    nics = _nics(lock.cluster, every, locked, numbers)
    machines = {
        name: Allocated(numbers=numbers[name], pve_node=pve_nodes[name], vm_id=given_ids[name], nics=nics[name]) for name in numbers
    }
    return machines, frozenset(counters.reused)


def _nics(cluster: str, every: Sequence[Declared], locked: Mapping[str, LockedMachine], numbers: Mapping[str, Numbers]) -> dict[str, Nics]:
    macs = {nic.mac for machine in locked.values() for nic in machine.record.interfaces}
    macs |= {mac for declared in every for mac in declared.own.macs.values()}
    return {declared.name: _nics_of(cluster, declared, locked.get(declared.name), numbers[declared.name], macs) for declared in every}


def _nics_of(cluster: str, declared: Declared, locked: LockedMachine | None, numbers: Numbers, macs: set[str]) -> Nics:
    """The MACs and static addresses of one machine's wanted interfaces; new MACs are added to `macs`."""
    before = {nic.name: nic for nic in locked.record.interfaces} if locked else {}
    given = {}
    for nic in declared.interfaces:
        old = before.get(nic.name)
        mac = declared.own.macs.get(nic.name) or (old.mac if old else identity.mac_address(cluster, declared.name, nic.name, macs))
        macs.add(mac)
        found: dict[int, str] = {static.base.version: _address(declared, nic.name, static, old, numbers) for static in nic.ranges}
        given[nic.name] = Nic(mac=mac, address=found.get(V4), address_v6=found.get(V6))
    return given


def _address(declared: Declared, interface: str, static: Static | StaticV6, old: Interface | None, numbers: Numbers) -> str:
    """Explicit; else as before while the subnet still holds it; else counted."""
    version = static.base.version
    explicit = declared.explicit(interface, version)
    if explicit is not None:
        return str(explicit)
    before = old and (old.address if version == V4 else old.ipv6 and old.ipv6.address)
    if before and unfit(ip_address(before), static.network) is None:
        return before
    return str(addresses.counted(static.base, static.offset, declared.counter(numbers.ordinal, numbers.place)))
