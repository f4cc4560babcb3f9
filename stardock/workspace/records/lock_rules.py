"""What must hold between the values of a lock: what Stardock never writes, each with its key path."""

from __future__ import annotations

from collections.abc import Iterator

from stardock.model.lock import Lock
from stardock.model.machine import Interface, Machine
from stardock.plan.allocation.claims import Clash, clashes, static_addresses
from stardock.spec.keypath import Keys
from stardock.spec.units import shown
from stardock.systems import SYSTEMS

#: A key path and what is wrong there.
Found = tuple[Keys, str]


def broken_rules(lock: Lock) -> Iterator[Found]:
    """All of them, of a lock whose values are each of their form."""
    yield from _clashes(lock)
    yield from _names(lock)
    yield from _counted_twice(lock)
    yield from _mesh(lock)
    for name, machine in lock.machines.items():
        keys: Keys = ("machines", name, "record")
        yield from _image(machine.record, keys)
        yield from _drives(machine.record, keys)
        for position, nic in enumerate(machine.record.interfaces):
            yield from _addresses(nic, (*keys, "interfaces", position))


def _clashes(lock: Lock) -> Iterator[Found]:
    """One value given twice."""
    for clash in clashes((name, machine.record) for name, machine in lock.machines.items()):
        yield _clash_keys(lock, clash), f"{clash.second} and {clash.first} have the same {clash.words} {clash.value}"


def _names(lock: Lock) -> Iterator[Found]:
    """A record under another's name, a founder that is not there."""
    for name, machine in lock.machines.items():
        if machine.record.name != name:
            yield ("machines", name, "record", "name"), f"the record of {name} is that of {machine.record.name}"
    if lock.founder not in lock.machines and (lock.founder or lock.machines):
        yield ("founder",), f"the founder {lock.founder} is not among the machines"
    elif lock.founder and lock.machines[lock.founder].record.role != "server":
        yield ("founder",), f"the founder {lock.founder} is no server"


def _counted_twice(lock: Lock) -> Iterator[Found]:
    """Two names with one ordinal in a pool, or one place in a role: they would get one address, one window."""
    seen: dict[tuple[str, str, int], str] = {}
    for name, machine in lock.machines.items():
        for key, group, number in (
            ("ordinal", f"pool {machine.pool}", machine.ordinal),
            ("place", f"role {machine.record.role}", machine.place),
        ):
            first = seen.setdefault((key, group, number), name)
            if first != name:
                yield ("machines", name, key), f"{name} and {first} have the same {key} {number} in {group}"


def _mesh(lock: Lock) -> Iterator[Found]:
    """One address in the mesh, given twice."""
    seen: dict[str, str] = {}
    for name, address in lock.mesh.items():
        first = seen.setdefault(address, name)
        if first != name:
            yield ("mesh", name), f"{name} and {first} have the same address {address} in the mesh"


def _clash_keys(lock: Lock, clash: Clash) -> Keys:
    record: Keys = ("machines", clash.second, "record")
    if clash.field == "vm_id":
        return (*record, "vm_id")
    interfaces = lock.machines[clash.second].record.interfaces
    position = next(i for i, nic in enumerate(interfaces) if clash.value in (nic.mac, *static_addresses(nic)))
    ipv6 = ("ipv6",) if clash.field == "address" and clash.value != interfaces[position].address else ()
    return (*record, "interfaces", position, *ipv6, clash.field)


def _image(record: Machine, keys: Keys) -> Iterator[Found]:
    image, own = record.image, SYSTEMS[record.image.system]
    if image.release not in {release.name for release in own.releases}:
        yield (*keys, "image", "release"), f"{shown(image.release)} is no release of {own.title}"
    if (image.url is None) == (image.file is None):
        yield (*keys, "image"), "an image has either `url` or `file`"


def _drives(record: Machine, keys: Keys) -> Iterator[Found]:
    if record.seed_interface == record.disk_interface:
        yield (*keys, "seed_interface"), f"{record.name} has its first disk on {record.disk_interface} already"
    slots = [f"virtio{disk.slot}" for disk in record.data_disks]
    for position, disk in enumerate(record.data_disks):
        others = record.data_disks[:position]
        if slots[position] in slots[:position] or any(other.name == disk.name for other in others):
            yield (*keys, "data_disks", position), f"{record.name} has two disks {disk.name} on {slots[position]}"


def _addresses(nic: Interface, keys: Keys) -> Iterator[Found]:
    """An address has its prefix, a gateway an address; IPv6 has them where its mode says so."""
    if (nic.address is None) != (nic.prefix is None) or (nic.gateway is not None and nic.address is None):
        yield (*keys, "address"), f"`address`, `prefix` and `gateway` of {nic.name} do not go together"
    if nic.ipv6 is None:
        return
    given = nic.ipv6.address is not None, nic.ipv6.prefix is not None
    if given != (nic.ipv6.mode == "static",) * 2 or (nic.ipv6.gateway is not None and nic.ipv6.mode != "static"):
        yield (*keys, "ipv6"), f"{nic.name}: its IPv6 address is not one of mode {nic.ipv6.mode}"
