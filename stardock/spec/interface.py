"""Interfaces of machines: hardware, addresses of both families, routes. Rules between them: `stardock.spec.rules.routing`."""

from __future__ import annotations

import ipaddress
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from stardock.spec.ip import Address, Cidr, IpAddress, Ipv4, Ipv6
from stardock.spec.mistakes import cures
from stardock.spec.pve_names import Bridge, Zone
from stardock.spec.section import Section, broken
from stardock.spec.trunks import vlans_of
from stardock.spec.units import Count, Domain, Flag, Form, shown
from stardock.spec.vlans import parse_trunks, parse_vlan

#: Machines call PVE's net0 ens18 (slot 18, 0x12, on the PCI bus), whatever the chipset would make of it: q35's enp6s18. Each NIC is
#: found by its MAC, and given its name.
FIRST_SLOT = 18
#: Leaves room for machines beside network and broadcast address, or beside the routers' anycast address (RFC 4291, 2.6.1).
_PREFIXES = (1, 30)
_PREFIXES_V6 = (1, 126)
#: The least that every host takes (RFC 791), and the most that virtio's field of 16 bits and PVE take.
_MTUS = (576, 65520)
#: PVE: as the bridge has it.
MTU_OF_BRIDGE = 1
_METRICS = (1, 2**32 - 1)


def parse_prefix(value: int) -> int:
    """A prefix length that leaves room for machines beside network and broadcast address."""
    if not _PREFIXES[0] <= value <= _PREFIXES[1]:
        raise broken(f"prefix {value} is outside of {_PREFIXES[0]} to {_PREFIXES[1]}", "255.255.255.0 is prefix 24")
    return value


def parse_prefix_v6(value: int) -> int:
    """The same of IPv6, whose networks have no broadcast address."""
    if not _PREFIXES_V6[0] <= value <= _PREFIXES_V6[1]:
        raise broken(f"prefix {value} is outside of {_PREFIXES_V6[0]} to {_PREFIXES_V6[1]}", "an IPv6 network usually has prefix 64")
    return value


def parse_offset(value: int) -> int:
    """Not negative."""
    if value < 0:
        raise broken(f"offset {value} is negative", "lower `base` instead")
    return value


def parse_base(value: IpAddress) -> IpAddress:
    """An address that a machine can have and others can reach."""
    kinds = {"multicast": value.is_multicast, "loopback": value.is_loopback, "link-local": value.is_link_local}
    if value.version == 4 and value.is_reserved:  # noqa: PLR2004
        kinds["reserved"] = True
    found = next((kind for kind, there in kinds.items() if there), None)
    if found:
        example = "192.168.1.0" if value.version == 4 else "fd00:10::"  # noqa: PLR2004
        raise broken(f"{value} is a {found} address", f"write the address of a network for machines, for example {example}")
    return value


def parse_base_text(value: object) -> object:
    """An address with its prefix is two keys here."""
    cure = cures.base(value) if isinstance(value, str) else None
    if cure:
        raise broken(f"{shown(value)} is an address with its prefix", f"write base: {cure}")
    return value


def parse_mtu(value: int) -> int:
    """Bytes, or 1."""
    if value != MTU_OF_BRIDGE and not _MTUS[0] <= value <= _MTUS[1]:
        raise broken(
            f"MTU {value} is outside of {_MTUS[0]} to {_MTUS[1]}", f"write {MTU_OF_BRIDGE} for the bridge's MTU, or delete the line"
        )
    return value


def parse_destination(value: object) -> object:
    """Not the default route, in the words of netplan, ip-route(8) and route(8)."""
    if isinstance(value, str) and value.strip().lower() in {"default", "any", "0.0.0.0/0", "::/0"}:
        message = f"{shown(value)} is the default route"
        raise broken(message, "delete the route, and write its `via` as `gateway` of `static`; DHCP brings one")
    return value


def parse_metric(value: int) -> int:
    """The kernel's metrics; 0 means different things to IPv4 and IPv6."""
    if not _METRICS[0] <= value <= _METRICS[1]:
        raise broken(f"metric {value} is outside of {_METRICS[0]} to {_METRICS[1]}", "the lowest metric wins; write for example 2000")
    return value


InterfaceName = Annotated[str, Form(r"[A-Za-z][A-Za-z0-9._-]{0,14}", "the name of an interface (at most 15 characters)", "ens18")]
Trunks = Annotated[tuple[str, ...], BeforeValidator(parse_trunks), WithJsonSchema({"type": ["string", "integer"]})]
Metric = Annotated[Count, AfterValidator(parse_metric)]


class Static(Section):
    """Addresses counted up: the n-th machine (from 0) gets `base` + `offset` + n."""

    base: Annotated[Ipv4, AfterValidator(parse_base), BeforeValidator(parse_base_text)] = Field(
        description="where counting starts: the network's address, or a first address"
    )
    offset: Annotated[Count, AfterValidator(parse_offset)] = Field(default=0, description="added to `base`")
    prefix: Annotated[Count, AfterValidator(parse_prefix)] = Field(default=24, description="prefix length of the subnet, in bits")
    gateway: Ipv4 | None = Field(default=None, description="default route; on one interface only, unless the others have a `metric`")

    @property
    def network(self) -> ipaddress.IPv4Network:
        """The subnet that `base` lies in."""
        return ipaddress.IPv4Network((self.base, self.prefix), strict=False)


class StaticV6(Section):
    """IPv6 addresses counted up as IPv4's are. Router advertisements are ignored then."""

    base: Annotated[Ipv6, AfterValidator(parse_base)] = Field(
        description="where counting starts: the network's address, or a first address"
    )
    offset: Annotated[Count, AfterValidator(parse_offset)] = Field(default=0, description="added to `base`")
    prefix: Annotated[Count, AfterValidator(parse_prefix_v6)] = Field(default=64, description="prefix length of the subnet, in bits")
    gateway: Ipv6 | None = Field(default=None, description="default route of IPv6, link-local (`fe80::1`) or of the subnet")

    @property
    def network(self) -> ipaddress.IPv6Network:
        """The subnet that `base` lies in."""
        return ipaddress.IPv6Network((self.base, self.prefix), strict=False)


class IpV6(Section):
    """IPv6 beside IPv4. Exactly one of these."""

    slaac: Flag = Field(default=False, description="addresses and default route by router advertisements")
    dhcp: Flag = Field(default=False, description="addresses by DHCPv6, default route by router advertisements")
    static: StaticV6 | None = Field(default=None, description="addresses counted up")

    @model_validator(mode="after")
    def _one_way(self) -> IpV6:
        if [self.slaac, self.dhcp, self.static is not None].count(True) != 1:
            given = [name for name, there in (("slaac", self.slaac), ("dhcp", self.dhcp), ("static", self.static)) if there]
            message = f"`ipv6` takes exactly one of slaac, dhcp and static, not {' and '.join(given) or 'none'}"
            raise broken(message, "write for example {slaac: true}, or delete `ipv6`")
        return self

    @property
    def mode(self) -> Literal["static", "slaac", "dhcp"]:
        """Which of them."""
        return "static" if self.static else "slaac" if self.slaac else "dhcp"


class Route(Section):
    """A network that is reached through another router than the default one."""

    to: Annotated[Cidr, BeforeValidator(parse_destination)] = Field(description="the network, IPv4 or IPv6")
    via: Address = Field(description="next hop: an address of this interface's subnet, or link-local for IPv6")
    metric: Metric | None = Field(default=None, description="the lower wins; default: the guest's")


class Interface(Section):
    """One NIC. The first of a list is the machine's own address; addresses come by DHCP unless `static` is there."""

    name: InterfaceName = Field(default="ens18", description="as the guest names it; default: ens18, ens19, ... by position")
    bridge: Bridge = Field(default="vmbr0", description="bridge of the PVE node")
    zone: Zone | None = Field(default=None, description="SDN zone of `bridge`, where that is a vnet; default: a bridge of the PVE node")
    vlan: Annotated[Count, AfterValidator(parse_vlan)] | None = Field(
        default=None, description="VLAN tag, 1 to 4094; with `trunks`: the untagged one"
    )
    trunks: Trunks = Field(
        default=(),
        description="VLANs that the guest gets tagged, beside `vlan`; default: with no `vlan` all that the bridge has, else none",
    )
    model: Literal["virtio", "e1000", "e1000e", "vmxnet3", "rtl8139"] = Field(default="virtio", description="emulated hardware")
    mtu: Annotated[Count, AfterValidator(parse_mtu)] | None = Field(
        default=None, description="bytes, of virtio only; 1: the bridge's; default: 1500"
    )
    firewall: Flag = Field(default=False, description="PVE's firewall on this NIC")
    dhcp: Flag | None = Field(default=None, description="true unless `static` is there")
    static: Static | None = Field(default=None, description="addresses without DHCP")
    ipv6: IpV6 | None = Field(default=None, description="IPv6 beside IPv4; without it, a static interface has none")
    dns: tuple[Address, ...] = Field(
        default=(), description="name servers, beside those that DHCP names; default: `network.dns` where `static` is"
    )
    search: tuple[Domain, ...] = Field(default=(), description="search domains; default: `network.search` where `static` is")
    routes: tuple[Route, ...] = Field(default=(), description="networks behind other routers")
    metric: Metric | None = Field(
        default=None, description="of this interface's default route; says that there may be a second one; the lower wins"
    )

    @model_validator(mode="after")
    def _tagged_or_not(self) -> Interface:
        """PVE::Network: the tag is the port's native VLAN, whose frames leave without a tag, also where it is in the trunk."""
        if self.vlan in vlans_of(self.trunks):
            message = f"VLAN {self.vlan} is in `trunks` and under `vlan`, by which the guest gets it without a tag"
            raise broken(message, f"take {self.vlan} out of `trunks`, or delete `vlan`")
        return self

    @model_validator(mode="after")
    def _one_way_to_an_address(self) -> Interface:
        if self.dhcp and self.static:
            raise broken("`dhcp: true` and `static` exclude each other", "delete one of them")
        if self.dhcp is False and not self.static and self.ipv6:
            message = "IPv6 alone is not offered: machines reach each other, and the virtual IP, by IPv4; this interface has IPv6 only"
            raise broken(message, "delete `dhcp: false` for an IPv4 address by DHCP, or add static: {base: ADDRESS} of IPv4 beside `ipv6`")
        if self.dhcp is False and not self.static:
            raise broken("`dhcp: false` without `static` leaves the interface without an address", "add `static: {base: ..., prefix: ...}`")
        return self

    @property
    def offered(self) -> bool:
        """Whether DHCP or a router may offer a default route here."""
        return self.static is None or (self.ipv6 is not None and self.ipv6.static is None)

    @property
    def ranges(self) -> tuple[Static | StaticV6, ...]:
        """What addresses are counted from, IPv4 first."""
        v6 = self.ipv6.static if self.ipv6 else None
        return tuple(one for one in (self.static, v6) if one is not None)


def _name_by_position(value: Any) -> Any:
    """The i-th interface without a name is the i-th that PVE adds: ens18, ens19, ..."""
    if not isinstance(value, list | tuple):
        return value
    return [{"name": f"ens{FIRST_SLOT + i}", **item} if isinstance(item, dict) else item for i, item in enumerate(value)]


Interfaces = Annotated[tuple[Interface, ...], BeforeValidator(_name_by_position), Field(min_length=1)]
