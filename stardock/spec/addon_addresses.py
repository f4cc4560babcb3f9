"""Add-ons that hand out addresses to Services: MetalLB, kube-vip."""

from __future__ import annotations

import re
from ipaddress import ip_address, ip_network, summarize_address_range
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field, model_validator

from stardock.spec.addon_chart import AddonChart, once
from stardock.spec.addon_values import ObjectName
from stardock.spec.interface import InterfaceName
from stardock.spec.ip import Address, IpNetwork
from stardock.spec.proxmox import Port
from stardock.spec.section import Section, broken
from stardock.spec.units import Count, Flag, as_schema, between, shown


def parse_range(value: object) -> str:
    """`192.0.2.1-192.0.2.9`, a network, or one address; MetalLB itself takes no bare address (internal/config, ParseCIDR)."""
    text = value.strip() if isinstance(value, str) else ""
    first, dash, last = (part.strip() for part in text.partition("-"))
    try:
        if not dash:
            return str(ip_network(text))
        low, high = ip_address(first), ip_address(last)
    except ValueError:
        raise broken(f"{shown(value)} is neither a range of addresses nor a network", _range_cure(text)) from None
    if low.version != high.version or int(low) > int(high):
        raise broken(
            f"{shown(value)} does not begin with its lower address", f"write {last}-{first}" if low.version == high.version else ""
        )
    return f"{low}-{high}"


def _range_cure(text: str) -> str:
    short = re.fullmatch(r"((?:\d+\.){3})\d+-(\d+)", text)
    if short:
        return f"write {text.partition('-')[0]}-{short[1]}{short[2]}"
    try:
        return f"write {ip_network(text, strict=False)}"
    except ValueError:
        return "write for example 192.168.1.200-192.168.1.220"


def networks_of(text: str) -> list[IpNetwork]:
    """A range that was read, as networks."""
    first, dash, last = text.partition("-")
    if not dash:
        return [ip_network(text)]
    return list(summarize_address_range(ip_address(first), ip_address(last)))


Range = Annotated[str, BeforeValidator(parse_range), as_schema("string", examples=["192.168.1.200-192.168.1.220"])]
Asn = Annotated[Count, between(1, 4_294_967_295, "AS number", "64512")]


class AddressPool(Section):
    """Addresses that Services of type LoadBalancer get."""

    name: ObjectName = Field(description="name of the pool")
    addresses: tuple[Range, ...] = Field(description="ranges or networks, free of all that is planned", min_length=1)
    auto_assign: Flag = Field(default=True, description="false: only for Services that ask for this pool")
    by: Literal["l2", "bgp"] = Field(default="l2", description="how they are announced: answers to ARP and NDP, or routes")
    interfaces: tuple[InterfaceName, ...] = Field(default=(), description="NICs of nodes where L2 answers; none: all")

    @model_validator(mode="after")
    def _interfaces_are_of_layer_2(self) -> AddressPool:
        if self.by == "bgp" and self.interfaces:
            raise broken("`interfaces` is of L2, and this pool is announced by BGP", "delete it, or `by: bgp`")
        return self


class BgpPeer(Section):
    """A router that learns the addresses of pools with `by: bgp`."""

    name: ObjectName = Field(description="name of the peer")
    address: Address = Field(description="its address")
    asn: Asn = Field(description="its AS number")
    own_asn: Asn = Field(description="the nodes' AS number")
    port: Port = Field(default=179, description="its port")
    password_secret: ObjectName | None = Field(
        default=None, description="Secret of metallb-system, of type kubernetes.io/basic-auth, with the session's password"
    )


class Metallb(AddonChart):
    """MetalLB; k3s' own ServiceLB is switched off with it."""

    CHART: ClassVar[str] = "metallb"

    pools: tuple[AddressPool, ...] = Field(description="addresses for Services", min_length=1)
    peers: tuple[BgpPeer, ...] = Field(default=(), description="routers, for pools with `by: bgp`")

    @model_validator(mode="after")
    def _somebody_hears(self) -> Metallb:
        by_bgp = [pool.name for pool in self.pools if pool.by == "bgp"]
        if by_bgp and not self.peers:
            raise broken(
                f"pool `{by_bgp[0]}` is announced by BGP, and there is no peer", "add peers: [{name: ..., address: ..., asn: ...}]"
            )
        if self.peers and not by_bgp:
            raise broken("there are peers of BGP, and no pool is announced by it", "write `by: bgp` in a pool, or delete `peers`")
        once("pools", [pool.name for pool in self.pools])
        once("peers", [peer.name for peer in self.peers])
        return self


class KubeVip(AddonChart):
    """kube-vip for Services. Its chart is that of its cloud provider, which chooses addresses; ServiceLB is switched off with it."""

    CHART: ClassVar[str] = "kube-vip-cloud-provider"

    addresses: tuple[Range, ...] = Field(description="ranges or networks, free of all that is planned", min_length=1)
    interface: InterfaceName | None = Field(default=None, description="NIC of nodes where it answers; default: that of the default route")
