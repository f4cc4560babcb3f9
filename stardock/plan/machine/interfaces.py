"""Declared interfaces and what was allocated for them -> the NICs of a machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from stardock.model.machine import Interface, Ipv6, Route

if TYPE_CHECKING:  # pydantic takes a tenth of a second
    from stardock.plan.allocation.allocate import Nic, Nics
    from stardock.spec.interface import Interface as Wish
    from stardock.spec.interface import IpV6
    from stardock.spec.network import Network


def interfaces(wishes: Sequence[Wish], given: Nics, *, common: Network, bridges: Mapping[str, str]) -> tuple[Interface, ...]:
    """Put the NICs of a machine together; `common` has the name servers and search domains of static interfaces that name none.

    `bridges` are those that its PVE node calls otherwise.
    """
    ways_out = default_routes(wishes)
    nics = (_interface(wish, given[wish.name], common=common, default_route=ways_out[wish.name]) for wish in wishes)
    return tuple(replace(nic, bridge=bridges.get(nic.bridge, nic.bridge)) for nic in nics)


def default_routes(wishes: Sequence[Wish]) -> Mapping[str, bool]:
    """Interface -> whether it may give the machine a default route: one does, and each that says so by its `metric`.

    The one is that with a gateway, else the first to which DHCP or a router offers one.
    """
    gateways = [wish.name for wish in wishes if any(static.gateway for static in wish.ranges)]
    ways_out = gateways or [wish.name for wish in wishes if wish.offered][:1]
    return {wish.name: wish.name in ways_out or wish.metric is not None for wish in wishes}


def _interface(wish: Wish, given: Nic, *, common: Network, default_route: bool) -> Interface:
    static = wish.static
    return Interface(
        name=wish.name,
        bridge=wish.bridge,
        mac=given.mac,
        model=wish.model,
        zone=wish.zone,
        vlan=wish.vlan,
        trunks=wish.trunks,
        mtu=wish.mtu,
        firewall=wish.firewall,
        address=given.address,
        prefix=static.prefix if static else None,
        gateway=str(static.gateway) if static and static.gateway else None,
        ipv6=_ipv6(wish.ipv6, given) if wish.ipv6 else None,
        dns=wish.dns or (_servers(wish, common) if static else ()),
        search=wish.search or (common.search if static else ()),
        routes=tuple(Route(to=route.to, via=route.via, metric=route.metric) for route in wish.routes),
        metric=wish.metric,
        default_route=default_route,
    )


def _servers(wish: Wish, common: Network) -> tuple[str, ...]:
    """Those of families that the interface has: NetworkManager refuses others."""
    return tuple(server for server in common.dns if wish.ipv6 or ":" not in server)


def _ipv6(wish: IpV6, given: Nic) -> Ipv6:
    static = wish.static
    if static is None:
        return Ipv6(mode=wish.mode)
    gateway = str(static.gateway) if static.gateway else None
    return Ipv6(mode="static", address=given.address_v6, prefix=static.prefix, gateway=gateway)
