"""Values that are one machine's alone: found twice, they are a clash. The same check for cluster.yaml and for an edited lock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from stardock.model.machine import Interface, Machine

#: (field as the lock spells it, what it is in words, value)
Claim = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Clash:
    """Two names with one value, or two NICs of one name; `second` is the later of the two."""

    field: str
    words: str
    value: str
    first: str
    second: str


def claims(machine: Machine) -> Iterator[Claim]:
    """The VM id, MACs and static addresses of a machine."""
    yield "vm_id", "VM id", str(machine.vm_id)
    for nic in machine.interfaces:
        yield "mac", "MAC", nic.mac
        yield from (("address", "address", address) for address in static_addresses(nic))


def static_addresses(nic: Interface) -> tuple[str, ...]:
    """The static addresses of one NIC, IPv4 first."""
    return tuple(address for address in (nic.address, nic.ipv6 and nic.ipv6.address) if address)


def clashes(machines: Iterable[tuple[str, Machine]]) -> list[Clash]:
    """Every value that two names have. A name may come twice (as it is, and as it is wished)."""
    owners: dict[tuple[str, str], str] = {}
    found: dict[tuple[str, str, str], Clash] = {}
    for name, machine in machines:
        own: set[tuple[str, str]] = set()
        for field, words, value in claims(machine):
            if (field, value) in own:
                found.setdefault((field, value, name), Clash(field, words, value, name, name))
            own.add((field, value))
            first = owners.setdefault((field, value), name)
            if first != name:
                found.setdefault((field, value, name), Clash(field, words, value, first, name))
    return list(found.values())
