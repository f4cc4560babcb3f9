"""An interface as a file of systemd-networkd (systemd.network(5)), whole: addresses, routes, DNS of both families.

It sorts before what netplan (10-netplan-NAME) and cloud-init (10-cloud-init-NAME) write once at first boot, and networkd takes the first
file that matches. So every later edit reaches the machine, also one that takes a route away, and each boot is like the first one's end.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from stardock.systems.managed import ManagedFile
from stardock.systems.shared import HEAD, runs_kubernetes

if TYPE_CHECKING:
    from stardock.model.host import Member
    from stardock.model.machine import Interface, Machine, Route

#: Makes networkd read its files; interfaces whose file changed are configured again.
RELOAD = "networkctl reload"

#: What others put on an interface survives that it is configured anew; so does a route that was taken away, until the next reboot.
KEEP = ("KeepConfiguration=static",)

#: PVE's word for the bridge's MTU, which the virtio driver learns from the device.
_MTU_OF_BRIDGE = 1


def file_of(interface: Interface) -> str:
    """Where its file lies."""
    return f"/etc/systemd/network/05-stardock-{interface.name}.network"


def networks(machine: Machine, *, named: bool = True) -> tuple[ManagedFile, ...]:
    """One file an interface. `named`: cloud-init has given the NIC the interface's name; else its MAC alone tells it."""
    shared = "keepalived" in machine.packages  # of load balancers, and of servers that carry the VIP themselves
    return tuple(ManagedFile(file_of(interface), network(interface, named=named, shared=shared)) for interface in machine.interfaces)


def foreign_routes(machine: Member) -> tuple[ManagedFile, ...]:
    """Cilium sets routes and rules of its own, which systemd-networkd would take away when it reconfigures (Cilium's documents)."""
    if not runs_kubernetes(machine) or "cilium" not in machine.cni:
        return ()
    content = f"{HEAD}[Network]\nManageForeignRoutes=no\nManageForeignRoutingPolicyRules=no\n"
    return (ManagedFile("/etc/systemd/networkd.conf.d/stardock.conf", content),)


def network(interface: Interface, *, named: bool, shared: bool = False) -> str:
    """Write the file of one interface. `shared`: another program puts an address on it, keepalived the VIP."""
    name = (f"Name={interface.name}",) if named else ()
    sections = [
        ("Match", [f"MACAddress={interface.mac.lower()}", *name]),
        ("Link", [f"MTUBytes={interface.mtu}"] if _own_mtu(interface) else []),
        ("Network", [*_network(interface), *(KEEP if shared else ())]),
        *(("Route", [*_gateway(interface, gateway)]) for gateway in _gateways(interface)),
        *(("Route", [*_route(route)]) for route in interface.routes),
        ("DHCPv4", [*_dhcp(interface)]),
        ("IPv6AcceptRA", [*_advertisements(interface)]),
    ]
    return HEAD + "\n".join(f"[{section}]\n" + "".join(f"{line}\n" for line in lines) for section, lines in sections if lines)


def _own_mtu(interface: Interface) -> bool:
    return interface.mtu not in {None, _MTU_OF_BRIDGE}


def _network(interface: Interface) -> Iterator[str]:
    ipv6 = interface.ipv6
    if interface.address is None:
        yield "DHCP=ipv4"
    else:
        yield f"Address={interface.address}/{interface.prefix}"
    if ipv6 is not None and ipv6.mode == "static":
        yield f"Address={ipv6.address}/{ipv6.prefix}"
    # `yes` also where the machine forwards packets, as every Kubernetes node does
    yield f"IPv6AcceptRA={'no' if ipv6 is None or ipv6.mode == 'static' else 'yes'}"
    yield from (f"DNS={server}" for server in interface.dns)
    if interface.search:
        yield f"Domains={' '.join(interface.search)}"


def _gateways(interface: Interface) -> tuple[str, ...]:
    found = (interface.gateway, interface.ipv6 and interface.ipv6.gateway)
    return tuple(gateway for gateway in found if gateway)


def _gateway(interface: Interface, gateway: str) -> Iterator[str]:
    yield f"Gateway={gateway}"
    if interface.metric is not None:
        yield f"Metric={interface.metric}"


def _route(route: Route) -> Iterator[str]:
    yield f"Destination={route.to}"
    yield f"Gateway={route.via}"
    if route.metric is not None:
        yield f"Metric={route.metric}"


def _dhcp(interface: Interface) -> Iterator[str]:
    """What netplan's file says of a server's MTU holds here too."""
    if interface.address is not None:
        return
    if not _own_mtu(interface):
        yield "UseMTU=yes"
    yield from _offered(interface)


def _advertisements(interface: Interface) -> Iterator[str]:
    """DHCPv6 is asked also where the router's advertisement does not name it."""
    if interface.ipv6 is None or interface.ipv6.mode == "static":
        return
    if interface.ipv6.mode == "dhcp":
        yield "DHCPv6Client=always"
    yield from _offered(interface)


def _offered(interface: Interface) -> Iterator[str]:
    """The default route that a server or router offers."""
    if not interface.default_route:
        yield "UseGateway=no"
    elif interface.metric is not None:
        yield f"RouteMetric={interface.metric}"
