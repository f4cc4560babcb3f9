"""The plan of addresses: what each range has given, what the next machine gets, and how many more there is room for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING

from stardock.model.lock import Lock
from stardock.model.machine import Role
from stardock.plan.allocation import addresses
from stardock.plan.allocation.claims import static_addresses
from stardock.plan.allocation.counting import Counters
from stardock.plan.allocation.declared import V4
from stardock.spec.rules.addresses import unfit

if TYPE_CHECKING:  # pydantic takes a tenth of a second
    from stardock.spec.cluster import Spec
    from stardock.spec.interface import Static, StaticV6
    from stardock.spec.ip import IpAddress, IpNetwork

#: Rooms are counted up to here: an IPv6 network has more than any program's numbers hold.
ENOUGH = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """Where static addresses are counted. `pool` is None for the role's own range, which its pools share.

    `used` are (machine, address), removed machines whose values wait included. `following` is what the next new machine gets (None:
    there is no room), `room` how many more get an address before `until`, whatever is in the way there.
    """

    role: Role
    pool: str | None
    interface: str
    network: str
    first: str
    used: tuple[tuple[str, str], ...]
    following: str | None
    room: int
    until: str


def ranges(spec: Spec, lock: Lock) -> tuple[Range, ...]:
    """All ranges that pools with machines count in, IPv4 before IPv6 of each interface; `lock` holds all that is given."""
    counters = Counters(lock.machines, {machine.name: pool.name for _, pool, machine in spec.members()})
    taken = dict(_taken(spec, lock))
    found: dict[tuple[Role, str | None, str, int], Range] = {}
    for pool in (pool for pool in spec.pools if pool.members):
        own = pool.name if pool.interfaces is not None else None
        numbers = counters.following(pool.name, pool.role)
        number = numbers.place if own is None else numbers.ordinal
        for place in (_Place(pool.role, own, nic.name, static) for nic in spec.interfaces_of(pool) for static in nic.ranges):
            found.setdefault((place.role, own, place.interface, place.static.base.version), _range(place, number, lock, taken))
    return tuple(found.values())


@dataclass(frozen=True, slots=True)
class _Place:
    """Whose range it is, on which interface."""

    role: Role
    pool: str | None
    interface: str
    static: Static | StaticV6


def _range(place: _Place, number: int, lock: Lock, taken: Mapping[IpAddress, str]) -> Range:
    """`number` is the next that the range counts with."""
    static = place.static
    following = addresses.counted(static.base, static.offset, number)
    room, until = _room(following, static.network, taken)
    return Range(
        role=place.role,
        pool=place.pool,
        interface=place.interface,
        network=str(static.network),
        first=str(addresses.counted(static.base, static.offset, 0)),
        used=tuple(sorted(_used(place, lock), key=lambda one: int(ip_address(one[1])))),
        following=str(following) if room else None,
        room=room,
        until=until,
    )


def _used(place: _Place, lock: Lock) -> Iterator[tuple[str, str]]:
    for name, machine in lock.machines.items():
        if machine.record.role != place.role or place.pool not in {None, machine.record.pool}:
            continue
        for nic in (nic for nic in machine.record.interfaces if nic.name == place.interface):
            yield from ((name, text) for text in static_addresses(nic) if ip_address(text) in place.static.network)


def _room(following: IpAddress, network: IpNetwork, taken: Mapping[IpAddress, str]) -> tuple[int, str]:
    """How many addresses in a row are free from there on, and what comes behind them."""
    if unfit(following, network):
        return 0, f"the end of {network}"
    last = network[-2 if network.version == V4 else -1]
    ahead = [address for address in taken if address.version == network.version and int(following) <= int(address) <= int(last)]
    if not ahead:
        return min(int(last) - int(following) + 1, ENOUGH), f"the end of {network}"
    nearest = min(ahead, key=int)
    return min(int(nearest) - int(following), ENOUGH), f"{taken[nearest]} ({nearest})"


def _taken(spec: Spec, lock: Lock) -> Iterator[tuple[IpAddress, str]]:
    """Addresses that no new machine can have, with whose they are."""
    yield from fixed(spec)
    for name, machine in lock.machines.items():
        yield from ((ip_address(text), name) for nic in machine.record.interfaces for text in static_addresses(nic))


def fixed(spec: Spec) -> tuple[tuple[IpAddress, str], ...]:
    """The addresses that cluster.yaml names beside those of machines: VIP, gateways, next hops, PVE nodes."""
    interfaces = [nic for _, interfaces in spec.interface_lists() for nic in interfaces]
    named = [(str(vip), "the VIP") for vip in (spec.network.vip, spec.network.vip_ipv6) if vip]
    named += [(str(static.gateway), "the gateway") for nic in interfaces for static in nic.ranges if static.gateway]
    named += [(route.via, f"the next hop to {route.to}") for nic in interfaces for route in nic.routes]
    named += [(node.address, f"the PVE node {node.name}") for node in spec.proxmox.nodes if node.address]
    named += [(str(text), f"the host {host.name}") for host in spec.hosts for text in (host.node_ip, host.node_ipv6, host.address) if text]
    found: dict[str, str] = {}
    for text, whose in named:
        found.setdefault(text, whose)
    return tuple((address, whose) for text, whose in found.items() if (address := _address(text)))


def _address(text: str) -> IpAddress | None:
    try:
        return ip_address(text)
    except ValueError:  # a PVE node may be reached by name
        return None
