"""Rules within a machine's interfaces: ways out, routes whose next hop can be reached, MTU, name servers of a family that is there."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network, ip_address, ip_network

from stardock.errors import Problem
from stardock.spec.cluster import Keys, Spec
from stardock.spec.interface import MTU_OF_BRIDGE, Interface, Route, Static, StaticV6
from stardock.spec.ip import IpNetwork
from stardock.spec.places import at
from stardock.spec.rules.addresses import unfit

#: RFC 8200, section 5: every link that carries IPv6 takes packets of this size.
IPV6_MTU = 1280


def routing_rules(spec: Spec) -> Iterator[Problem]:
    """All of them, for each list of interfaces."""
    for keys, interfaces in spec.interface_lists():
        for i, nic in enumerate(interfaces):
            yield from _gateways(spec, (*keys, i), nic)
            yield from _mtu(spec, (*keys, i), nic)
            yield from _name_servers(spec, (*keys, i), nic)
            yield from _routes(spec, (*keys, i), nic)
        yield from _one_way_out(spec, keys, interfaces)
        yield from _each_route_once(spec, keys, interfaces)


def _range_keys(static: Static | StaticV6) -> Keys:
    return ("static",) if isinstance(static, Static) else ("ipv6", "static")


def _gateways(spec: Spec, keys: Keys, nic: Interface) -> Iterator[Problem]:
    """A gateway is inside of its subnet; IPv6's may be link-local. A metric is of a default route."""
    for static in nic.ranges:
        if static.gateway is None or (static.gateway.version == 6 and static.gateway.is_link_local):  # noqa: PLR2004
            continue
        fault = unfit(static.gateway, static.network)
        if fault:
            yield at(spec, (*keys, *_range_keys(static), "gateway"), f"gateway {fault}", f"write an address of {static.network}")
    if nic.metric is not None and not nic.offered and not any(static.gateway for static in nic.ranges):
        message = f"metric {nic.metric} is of a default route, and `{nic.name}` has none"
        yield at(spec, (*keys, "metric"), message, "add a `gateway`, or delete the line")


def _one_way_out(spec: Spec, keys: Keys, interfaces: tuple[Interface, ...]) -> Iterator[Problem]:
    """One gateway a family, unless the others say by their metric that they come second."""
    first: dict[int, tuple[Interface, str]] = {}
    metrics: dict[int, str] = {}
    for i, nic in enumerate(interfaces):
        for static in (static for static in nic.ranges if static.gateway):
            where = (*keys, i, *_range_keys(static), "gateway")
            known = first.setdefault(static.base.version, (nic, str(static.gateway)))
            if known[0] is not nic and nic.metric is None:
                message = f"a second gateway, {static.gateway} of `{nic.name}` beside {known[1]} of `{known[0].name}`"
                cure = "keep the gateway of one interface, or give this interface a `metric`: the lower one wins"
                yield at(spec, where, f"{message}: a machine has one default route", cure)
        if nic.metric is not None and (other := metrics.setdefault(nic.metric, nic.name)) != nic.name:
            message = f"`{nic.name}` and `{other}` have the same metric {nic.metric}"
            yield at(spec, (*keys, i, "metric"), message, "give one of them another: the lower one wins")


def _mtu(spec: Spec, keys: Keys, nic: Interface) -> Iterator[Problem]:
    if nic.mtu is None:
        return
    if nic.model != "virtio":
        message = f"MTU {nic.mtu} on {nic.model}: Proxmox sets the MTU of virtio alone"
        yield at(spec, (*keys, "mtu"), message, "delete the line, or write `model: virtio`")
    if nic.ipv6 is not None and MTU_OF_BRIDGE != nic.mtu < IPV6_MTU:
        message = f"MTU {nic.mtu} is below {IPV6_MTU}, the least that IPv6 takes"
        yield at(spec, (*keys, "mtu"), message, f"write {IPV6_MTU} or more, or delete `ipv6`")


def _name_servers(spec: Spec, keys: Keys, nic: Interface) -> Iterator[Problem]:
    """NetworkManager takes a name server only beside addresses of its family."""
    for n, server in enumerate(nic.dns):
        if ":" in server and nic.ipv6 is None:
            message = f"the name server {server} is IPv6, and `{nic.name}` has none"
            yield at(spec, (*keys, "dns", n), message, "add `ipv6: ...` to the interface, or name the server on one that has it")


def _routes(spec: Spec, keys: Keys, nic: Interface) -> Iterator[Problem]:
    for r, route in enumerate(nic.routes):
        where, fault = (*keys, "routes", r), _fault(nic, route)
        if fault:
            yield at(spec, (*where, fault[0]), fault[1], fault[2])


def _fault(nic: Interface, route: Route) -> tuple[str, str, str] | None:
    """Key, message and cure of what is wrong with one route."""
    to, via = ip_network(route.to), ip_address(route.via)
    family = f"IPv{to.version}"
    if to.version != via.version:
        return "via", f"next hop {via} is IPv{via.version}, and {to} is {family}", f"write an {family} address"
    if to.prefixlen == 0:
        return "to", f"{to} is the default route", f"delete the route, and write gateway: {via} under `static`; DHCP brings one"
    if to.version == 6 and nic.ipv6 is None:  # noqa: PLR2004
        return "to", f"{to} is IPv6, and `{nic.name}` has none", "add `ipv6: ...` to the interface"
    if via.version == 6 and via.is_link_local:  # noqa: PLR2004
        return None
    subnet = _subnet(nic, to)
    if subnet == to:
        return "to", f"{to} is the subnet of `{nic.name}`, which needs no next hop", "delete the route"
    fault = subnet and unfit(via, subnet)
    return ("via", f"next hop {fault}, so that `{nic.name}` cannot reach it", f"write an address of {subnet}") if fault else None


def _subnet(nic: Interface, to: IpNetwork) -> IpNetwork | None:
    """The interface's subnet of that family; None where it is not known."""
    return next((static.network for static in nic.ranges if isinstance(static, Static) == isinstance(to, IPv4Network)), None)


def _each_route_once(spec: Spec, keys: Keys, interfaces: tuple[Interface, ...]) -> Iterator[Problem]:
    first: dict[tuple[str, int | None], str] = {}
    for i, nic in enumerate(interfaces):
        for r, route in enumerate(nic.routes):
            other = first.setdefault((route.to, route.metric), f"{route.via} (`{nic.name}`)")
            if other != f"{route.via} (`{nic.name}`)":
                message = f"two routes to {route.to}, via {other} and via {route.via} (`{nic.name}`), have the same metric"
                yield at(spec, (*keys, i, "routes", r), message, "delete one, or give one a `metric`: the lower one wins")
