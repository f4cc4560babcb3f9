"""`network`: interfaces of each role, and the virtual IP (VIP) in front of the servers."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from stardock.spec.interface import Interface, Interfaces, parse_base
from stardock.spec.ip import Address, Ipv4, Ipv6
from stardock.spec.mistakes import cures
from stardock.spec.section import Section, broken
from stardock.spec.units import Count, Domain, shown

RoleName = Literal["server", "agent", "loadbalancer"]


#: One byte, and 0 is none (RFC 9568, 5.2.3).
_VRRP_IDS = 255


def parse_vrrp_id(value: int) -> int:
    """An id of VRRP."""
    if not 1 <= value <= _VRRP_IDS:
        raise broken(f"VRRP id {value} is outside of 1 to {_VRRP_IDS}", "write one that no other virtual IP of this network has")
    return value


VrrpId = Annotated[Count, AfterValidator(parse_vrrp_id)]


def parse_vip(value: object) -> object:
    """An address: what names it is another matter."""
    cure = cures.virtual_ip(value) if isinstance(value, str) else None
    if cure:
        raise broken(f"{shown(value)} is not an IPv4 address", cure)
    return value


def _dhcp() -> tuple[Interface, ...]:
    return (Interface(),)


class Network(Section):
    """Interfaces a role, and the VIP. Nothing here invents an address: the default is one interface with DHCP on vmbr0."""

    vip: Annotated[Ipv4, BeforeValidator(parse_vip)] | None = Field(
        default=None, description="virtual IP of the load balancers, IPv4; required when there are any"
    )
    vip_ipv6: Annotated[Ipv6, AfterValidator(parse_base)] | None = Field(
        default=None, description="a second virtual IP, IPv6, always on the machine that has the first"
    )
    vip_interface: str | None = Field(
        default=None, description="load balancers' interface that carries the VIP; default: the one whose subnet holds it"
    )
    vrid: VrrpId | None = Field(
        default=None, description="VRRP id of the virtual IP, 1 to 255; default: chosen once, from the cluster's name"
    )
    dns: tuple[Address, ...] = Field(default=(), description="name servers of static interfaces that name none")
    search: tuple[Domain, ...] = Field(default=(), description="search domains of static interfaces that name none")
    server: Interfaces = Field(default_factory=_dhcp, description="interfaces of servers; default: DHCP on vmbr0")
    agent: Interfaces = Field(default_factory=_dhcp, description="interfaces of agents; default: DHCP on vmbr0")
    loadbalancer: Interfaces = Field(default_factory=_dhcp, description="interfaces of load balancers; default: DHCP on vmbr0")

    def of(self, role: RoleName) -> tuple[Interface, ...]:
        """The interfaces of a role's machines, unless their pool has its own."""
        interfaces: dict[RoleName, tuple[Interface, ...]] = {"server": self.server, "agent": self.agent, "loadbalancer": self.loadbalancer}
        return interfaces[role]
