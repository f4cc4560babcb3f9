"""Values that are one machine's alone: found twice, they are a clash. The same check for cluster.yaml and for an edited lock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from stardock.plan.model import Machine

#: (field as the lock spells it, what it is in words, value)
Claim = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Clash:
    """Two names with one value; `second` is the later of the two."""

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
        if nic.address:
            yield "address", "address", nic.address


def clashes(machines: Iterable[tuple[str, Machine]]) -> list[Clash]:
    """Every value that two names have. A name may come twice (as it is, and as it is wished)."""
    owners: dict[tuple[str, str], str] = {}
    found: dict[tuple[str, str, str], Clash] = {}
    for name, machine in machines:
        for field, words, value in claims(machine):
            first = owners.setdefault((field, value), name)
            if first != name:
                found.setdefault((field, value, name), Clash(field, words, value, first, name))
    return list(found.values())
