"""`network`: interfaces of each role, and the virtual IP (VIP) in front of the servers."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from stardock.spec.interface import Interface, Interfaces
from stardock.spec.ip import Ipv4
from stardock.spec.section import Section

RoleName = Literal["server", "agent", "loadbalancer"]


def _dhcp() -> tuple[Interface, ...]:
    return (Interface(),)


class Network(Section):
    """Interfaces a role, and the VIP. Nothing here invents an address: the default is one interface with DHCP on vmbr0."""

    vip: Ipv4 | None = Field(default=None, description="virtual IP of the load balancers, IPv4; required when there are any")
    vip_interface: str | None = Field(
        default=None, description="load balancers' interface that carries the VIP; default: the one whose subnet holds it"
    )
    server: Interfaces = Field(default_factory=_dhcp, description="interfaces of servers; default: DHCP on vmbr0")
    agent: Interfaces = Field(default_factory=_dhcp, description="interfaces of agents; default: DHCP on vmbr0")
    loadbalancer: Interfaces = Field(default_factory=_dhcp, description="interfaces of load balancers; default: DHCP on vmbr0")

    def of(self, role: RoleName) -> tuple[Interface, ...]:
        """The interfaces of a role's machines, unless their pool has its own."""
        interfaces: dict[RoleName, tuple[Interface, ...]] = {"server": self.server, "agent": self.agent, "loadbalancer": self.loadbalancer}
        return interfaces[role]
