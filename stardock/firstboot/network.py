"""The network-config, version 1: what the renderers of NetworkManager and networkd both take whole.

Each name server, search domain and route stands at a subnet of its interface, since renderers ignore what is global.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from stardock.model.machine import Interface, Ipv6, Machine, Route

#: PVE's word for the bridge's MTU, which the virtio driver learns from the device.
_MTU_OF_BRIDGE = 1
_ANYWHERE = {4: "0.0.0.0/0", 6: "::/0"}


def network_config(machine: Machine) -> dict[str, Any]:
    """Give each interface by MAC and name."""
    servers = [item for interface in machine.interfaces for item in _name_servers(interface)]
    return {"version": 1, "config": [*map(_physical, machine.interfaces), *servers]}


def _physical(interface: Interface) -> dict[str, Any]:
    mtu = {"mtu": interface.mtu} if interface.mtu and interface.mtu != _MTU_OF_BRIDGE else {}
    ipv6 = [_ipv6(interface, interface.ipv6)] if interface.ipv6 else []
    return {
        "type": "physical",
        "name": interface.name,
        "mac_address": interface.mac.lower(),
        **mtu,
        # without `ipv6` nobody waits for a router's advertisement, which costs 12 s of each boot where there is none
        "accept-ra": interface.ipv6 is not None and interface.ipv6.mode != "static",
        "subnets": [{**_ipv4(interface), **_dns(interface)}, *ipv6],
    }


def _ipv4(interface: Interface) -> dict[str, Any]:
    if interface.address is None:
        return {"type": "dhcp", **_routes(interface, 4)}
    address = {"type": "static", "address": f"{interface.address}/{interface.prefix}"}
    return {**address, **_gateway(interface, interface.gateway), **_routes(interface, 4, interface.gateway)}


def _ipv6(interface: Interface, ipv6: Ipv6) -> dict[str, Any]:
    """`dhcp6`, since the networkd renderer knows no other word for DHCPv6; `static`, since NetworkManager's knows no `static6` (22.4)."""
    if ipv6.mode != "static":
        return {"type": "ipv6_slaac" if ipv6.mode == "slaac" else "dhcp6", **_routes(interface, 6)}
    address = {"type": "static", "address": f"{ipv6.address}/{ipv6.prefix}"}
    return {**address, **_gateway(interface, ipv6.gateway), **_routes(interface, 6, ipv6.gateway)}


def _gateway(interface: Interface, gateway: str | None) -> dict[str, Any]:
    """With a metric it becomes a route: a subnet's own metric is not rendered by NetworkManager's."""
    return {"gateway": gateway} if gateway and interface.metric is None else {}


def _routes(interface: Interface, version: int, gateway: str | None = None) -> dict[str, Any]:
    default = [Route(to=_ANYWHERE[version], via=gateway, metric=interface.metric)] if gateway and interface.metric else []
    routes = [*default, *(route for route in interface.routes if (":" in route.to) == (":" in _ANYWHERE[version]))]
    return {"routes": list(map(_route, routes))} if routes else {}


def _route(route: Route) -> dict[str, Any]:
    return {"destination": route.to, "gateway": route.via, **({} if route.metric is None else {"metric": route.metric})}


def _dns(interface: Interface) -> dict[str, Any]:
    servers = {"dns_nameservers": list(interface.dns)} if interface.dns else {}
    return {**servers, **({"dns_search": list(interface.search)} if interface.search else {})}


def _name_servers(interface: Interface) -> Iterator[dict[str, Any]]:
    """Once more for an interface without a static IPv4 address: of such a subnet the networkd renderer drops them."""
    if interface.address is None and interface.dns:
        search = {"search": list(interface.search)} if interface.search else {}
        yield {"type": "nameserver", "interface": interface.name, "address": list(interface.dns), **search}
