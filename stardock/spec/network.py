"""`network`: interfaces of each role, and the virtual IP (VIP) in front of the servers."""

from __future__ import annotations

import ipaddress
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from stardock.spec.section import Section, broken
from stardock.spec.units import Address, Count, Domain, Flag, Form, Ipv4

RoleName = Literal["server", "agent", "loadbalancer"]

#: PVE's net0 is what systemd names ens18 in a machine of type i440fx: slot 18 (0x12) on the PCI bus.
FIRST_SLOT = 18
_VLANS = (1, 4094)
_PREFIXES = (1, 30)


def parse_vlan(value: int) -> int:
    """An 802.1Q VLAN id."""
    if not _VLANS[0] <= value <= _VLANS[1]:
        raise broken(f"VLAN {value} is outside of {_VLANS[0]} to {_VLANS[1]}", "delete the line for no VLAN")
    return value


def parse_prefix(value: int) -> int:
    """A prefix length that leaves room for machines beside network and broadcast address."""
    if not _PREFIXES[0] <= value <= _PREFIXES[1]:
        raise broken(f"prefix {value} is outside of {_PREFIXES[0]} to {_PREFIXES[1]}", "255.255.255.0 is prefix 24")
    return value


def parse_offset(value: int) -> int:
    """Not negative."""
    if value < 0:
        raise broken(f"offset {value} is negative", "lower `base` instead")
    return value


InterfaceName = Annotated[str, Form(r"[A-Za-z][A-Za-z0-9._-]{0,14}", "the name of an interface (at most 15 characters)", "ens18")]


class Static(Section):
    """Addresses counted up: the n-th machine (from 0) gets `base` + `offset` + n."""

    base: Ipv4 = Field(description="where counting starts: the network's address, or a first address")
    offset: Annotated[Count, AfterValidator(parse_offset)] = Field(default=0, description="added to `base`")
    prefix: Annotated[Count, AfterValidator(parse_prefix)] = Field(default=24, description="prefix length of the subnet, in bits")
    gateway: Ipv4 | None = Field(default=None, description="default route; on one interface only")
    dns: tuple[Address, ...] = Field(default=(), description="name servers")
    search: tuple[Domain, ...] = Field(default=(), description="search domains; default: `cloud_init.search`")

    @property
    def network(self) -> ipaddress.IPv4Network:
        """The subnet that `base` lies in."""
        return ipaddress.IPv4Network((self.base, self.prefix), strict=False)


class Interface(Section):
    """One NIC. The first of a list is the machine's own address; addresses come by DHCP unless `static` is there."""

    name: InterfaceName = Field(default="ens18", description="as the guest names it; default: ens18, ens19, ... by position")
    bridge: str = Field(default="vmbr0", description="bridge of the PVE node", min_length=1)
    vlan: Annotated[Count, AfterValidator(parse_vlan)] | None = Field(default=None, description="VLAN tag, 1 to 4094")
    model: Literal["virtio", "e1000", "e1000e", "vmxnet3", "rtl8139"] = Field(default="virtio", description="emulated hardware")
    dhcp: Flag | None = Field(default=None, description="true unless `static` is there")
    static: Static | None = Field(default=None, description="addresses without DHCP")

    @model_validator(mode="after")
    def _one_way_to_an_address(self) -> Interface:
        if self.dhcp and self.static:
            raise broken("`dhcp: true` and `static` exclude each other", "delete one of them")
        if self.dhcp is False and not self.static:
            raise broken("`dhcp: false` without `static` leaves the interface without an address", "add `static: {base: ..., prefix: ...}`")
        return self


def _name_by_position(value: Any) -> Any:
    """The i-th interface without a name is the i-th that PVE adds: ens18, ens19, ..."""
    if not isinstance(value, list | tuple):
        return value
    return [{"name": f"ens{FIRST_SLOT + i}", **item} if isinstance(item, dict) else item for i, item in enumerate(value)]


Interfaces = Annotated[tuple[Interface, ...], BeforeValidator(_name_by_position), Field(min_length=1)]


def _dhcp() -> tuple[Interface, ...]:
    return (Interface(),)


class Network(Section):
    """Interfaces a role, and the VIP. Nothing here invents an address: the default is one interface with DHCP on vmbr0."""

    vip: Ipv4 | None = Field(default=None, description="virtual IP of the load balancers; required when there are any")
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
