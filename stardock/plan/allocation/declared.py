"""What cluster.yaml declares, machine by machine, before anything is allocated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stardock.model.machine import Role

if TYPE_CHECKING:  # pydantic takes a tenth of a second
    from stardock.spec.cluster import Keys, Spec
    from stardock.spec.interface import Interface, Static, StaticV6
    from stardock.spec.ip import IpAddress
    from stardock.spec.pools import Machine, Pool

#: A family of addresses is told by its version, as in `ipaddress`: 4 or 6.
V4 = 4
V6 = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """One machine of cluster.yaml: its own words, its pool's, and its interfaces; `keys` is where it is named."""

    keys: Keys
    own: Machine
    pool: Pool
    interfaces: tuple[Interface, ...]
    pool_keys: Keys
    interface_keys: Keys  # where the list of interfaces stands: the role's or the pool's

    @property
    def name(self) -> str:
        """The machine's name."""
        return self.own.name

    @property
    def role(self) -> Role:
        """The pool's role."""
        return self.pool.role

    @property
    def ranges(self) -> tuple[tuple[Interface, Static | StaticV6], ...]:
        """What static addresses are counted from, each with its interface; IPv4 first."""
        return tuple((nic, static) for nic in self.interfaces for static in nic.ranges)

    def explicit(self, interface: str, version: int) -> IpAddress | None:
        """The address that the machine's own words give an interface; `version` is 4 or 6."""
        given: Mapping[str, IpAddress] = self.own.addresses if version == V4 else self.own.ipv6_addresses
        return given.get(interface)

    def said_at(self, key: str) -> Keys:
        """Where a key of the hardware is said of this machine: in its own words, else in its pool's."""
        return (*(self.keys if getattr(self.own, key) is not None else self.pool_keys), key)

    def counter(self, ordinal: int, place: int) -> int:
        """What addresses are counted by: the ordinal in the pool when the range is the pool's own, else the place in the role."""
        return ordinal if self.pool.interfaces is not None else place

    def address_keys(self, interface: str, version: int) -> Keys:
        """Where an address of this machine comes from: its own words, or the range."""
        if self.explicit(interface, version):
            return (*self.keys, "addresses" if version == V4 else "ipv6_addresses", interface)
        return self.range_keys(interface, version)

    def range_keys(self, interface: str, version: int) -> Keys:
        """Where the range of an interface stands."""
        position = next((i for i, nic in enumerate(self.interfaces) if nic.name == interface), 0)
        return (*self.interface_keys, position, *(("static",) if version == V4 else ("ipv6", "static")))


def declared(spec: Spec) -> tuple[Declared, ...]:
    """All machines in declared order."""
    pools = {id(pool): p for p, pool in enumerate(spec.pools)}
    return tuple(
        Declared(
            keys=keys,
            own=own,
            pool=pool,
            interfaces=spec.interfaces_of(pool),
            pool_keys=("pools", pools[id(pool)]),
            interface_keys=("network", pool.role) if pool.interfaces is None else ("pools", pools[id(pool)], "interfaces"),
        )
        for keys, pool, own in spec.members()
    )
