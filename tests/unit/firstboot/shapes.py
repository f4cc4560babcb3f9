"""Interfaces in all their shapes, for whoever writes them down: cloud-init's renderers, networkd's files, the lab."""

from __future__ import annotations

from stardock.model.machine import Interface, Ipv6, Machine, Route
from tests.machines import interface, machine

STATIC = interface(12, mtu=1400)

DUAL = interface(
    12,
    mtu=9000,
    ipv6=Ipv6(mode="static", address="fd00:10::12", prefix=64, gateway="fe80::1"),
    dns=("192.168.1.1", "fd00:10::53"),
    routes=(Route(to="10.9.0.0/16", via="192.168.1.254", metric=50), Route(to="fd00:9::/48", via="fd00:10::fe")),
)

SECOND = interface(
    13,
    name="ens19",
    address="10.20.0.13",
    gateway=None,
    dns=(),
    search=(),
    default_route=False,
    ipv6=Ipv6(mode="static", address="fd00:20::13", prefix=64),
)

SLAAC = interface(12, address=None, prefix=None, gateway=None, ipv6=Ipv6(mode="slaac"), dns=("192.168.1.1", "fd00:10::53"))

DHCPV6 = interface(12, ipv6=Ipv6(mode="dhcp"), dns=("192.168.1.1",))

STANDBY = interface(13, name="ens19", address="10.20.0.13", gateway="10.20.0.1", metric=2000, dns=(), search=(), default_route=True)

DHCP_BESIDE = interface(13, name="ens19", address=None, prefix=None, gateway=None, dns=(), search=(), default_route=False)

#: Name -> the NICs of one machine.
SHAPES: dict[str, tuple[Interface, ...]] = {
    "static": (STATIC,),
    "dual": (DUAL, SECOND),
    "slaac": (SLAAC,),
    "dhcpv6": (DHCPV6,),
    "standby": (interface(12), STANDBY),
    "beside": (interface(12), DHCP_BESIDE),
}


def shaped(name: str, system_name: str = "debian") -> Machine:
    """A server with the NICs of a shape."""
    return machine("server1", "server", 12, system_name=system_name, interfaces=SHAPES[name])
