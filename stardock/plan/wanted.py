"""What cluster.yaml wants, machine by machine, before anything is allocated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stardock.plan.model import Role

if TYPE_CHECKING:  # pydantic takes a tenth of a second
    from stardock.spec.cluster import Keys, Spec
    from stardock.spec.network import Interface, Static
    from stardock.spec.pools import Machine, Pool


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
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
    def ranges(self) -> tuple[tuple[Interface, Static], ...]:
        """The interfaces with static addresses."""
        return tuple((nic, nic.static) for nic in self.interfaces if nic.static)

    def said_at(self, key: str) -> Keys:
        """Where a key of the hardware is said of this machine: in its own words, else in its pool's."""
        return (*(self.keys if getattr(self.own, key) is not None else self.pool_keys), key)

    def counter(self, ordinal: int, place: int) -> int:
        """What addresses are counted by: the ordinal in the pool when the range is the pool's own, else the place in the role."""
        return ordinal if self.pool.interfaces is not None else place

    def address_keys(self, interface: str) -> Keys:
        """Where an address of this machine comes from: its own words, or the range."""
        if interface in self.own.addresses:
            return (*self.keys, "addresses", interface)
        return self.range_keys(interface)

    def range_keys(self, interface: str) -> Keys:
        """Where the range of an interface stands."""
        position = next((i for i, nic in enumerate(self.interfaces) if nic.name == interface), 0)
        return (*self.interface_keys, position, "static")


def wanted(spec: Spec) -> tuple[Wanted, ...]:
    """All machines in declared order."""
    pools = {id(pool): p for p, pool in enumerate(spec.pools)}
    return tuple(
        Wanted(
            keys=keys,
            own=own,
            pool=pool,
            interfaces=spec.interfaces_of(pool),
            pool_keys=("pools", pools[id(pool)]),
            interface_keys=("network", pool.role) if pool.interfaces is None else ("pools", pools[id(pool)], "interfaces"),
        )
        for keys, pool, own in spec.members()
    )
