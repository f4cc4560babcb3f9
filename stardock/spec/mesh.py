"""`mesh`: WireGuard between all machines and hosts, over sites that no common network joins."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from stardock.model.mesh import OVERHEAD, Endpoint
from stardock.spec.ip import parse_network
from stardock.spec.jumps import HOST_PATTERN, PORT_PATTERN
from stardock.spec.proxmox import Port
from stardock.spec.section import Section, broken
from stardock.spec.units import Count, Flag, Form, MachineName, Name, as_schema, between, shown

#: UDP ports of network plugins (flannel, calico, cilium; `stardock.distributions.needs`), and of Services of type NodePort.
_TAKEN = {4789: "calico's VXLAN", 8472: "flannel's VXLAN", 51820: "flannel's WireGuard", 51821: "flannel's WireGuard", 51871: "cilium's"}
_NODE_PORTS = range(30_000, 32_768)
DEFAULT_PORT = 51_830
#: From what any link carries that knows IPv6 (RFC 8200, section 5) to jumbo frames.
_MTUS = (1280, 9000 - OVERHEAD)
#: Where two /16 are enough for anybody's nodes, and a /29 for the smallest cluster.
_PREFIXES = (8, 29)
_ENDPOINT = re.compile(rf"({HOST_PATTERN}):({PORT_PATTERN})")


def parse_mesh_network(value: object) -> str:
    """A private IPv4 network with room."""
    text = parse_network(value)
    prefix = int(text.rpartition("/")[2])
    if ":" in text:
        raise broken(f"{text} is IPv6, and nodes know each other by IPv4", "write for example 10.98.0.0/24")
    if not _PREFIXES[0] <= prefix <= _PREFIXES[1]:
        raise broken(f"a network of /{prefix} is outside of /{_PREFIXES[0]} to /{_PREFIXES[1]}", "write for example 10.98.0.0/24")
    return text


def parse_mesh_port(value: int) -> int:
    """One that nobody else on a node listens at."""
    whose = _TAKEN.get(value) or ("NodePorts'" if value in _NODE_PORTS else None)
    if whose:
        raise broken(f"UDP port {value} is {whose}", f"write for example {DEFAULT_PORT}, or delete the line")
    return value


def parse_host_port(value: str) -> str:
    """`HOST:PORT`; IPv6 in brackets."""
    if not _ENDPOINT.fullmatch(value):
        meant = f"{value}:{DEFAULT_PORT}" if _ENDPOINT.fullmatch(f"{value}:{DEFAULT_PORT}") else f"home.example.org:{DEFAULT_PORT}"
        raise broken(f"{shown(value)} is not HOST:PORT", f'write for example "{meant}"')
    return value


def endpoint_of(text: str) -> Endpoint:
    """Its parts, without brackets."""
    host, _, port = text.rpartition(":")
    return Endpoint(host=host.strip("[]"), port=int(port))


MeshNetwork = Annotated[str, BeforeValidator(parse_mesh_network), as_schema("string", examples=["10.98.0.0/24"])]
EndpointText = Annotated[str, AfterValidator(parse_host_port), as_schema("string", examples=[f"home.example.org:{DEFAULT_PORT}"])]


class Site(Section):
    """A place whose machines and hosts reach each other at their own addresses."""

    name: Name = Field(description="the site's name, which pools, machines and hosts say as their `site`")
    nat: Flag = Field(default=True, description="false: other sites reach its members at their own addresses, which are routed or public")
    endpoints: dict[MachineName, EndpointText] = Field(
        default_factory=dict,
        description="member -> HOST:PORT by which other sites reach it: what the site's router hands on to the member's `mesh.port`",
    )


class Mesh(Section):
    """WireGuard between all machines and hosts. Nodes know each other by its addresses, and the network of pods goes over it."""

    network: MeshNetwork = Field(description="private network of its addresses, which the lock keeps; no other network here meets it")
    port: Annotated[Port, AfterValidator(parse_mesh_port)] = Field(default=DEFAULT_PORT, description="UDP port on each member")
    mtu: Annotated[Count, between(*_MTUS, "MTU", "1420")] = Field(
        default=1420, description=f"bytes of a packet in it: {OVERHEAD} less than the smallest on the way between sites"
    )
    keepalive: Annotated[Count, between(5, 600, "keepalive (seconds)", "25")] = Field(
        default=25, description="seconds after which a member behind NAT says something, so that its router does not forget it"
    )
    sites: tuple[Site, ...] = Field(default=(), description="places between which nothing is routed; default: all are at one")


SiteName = Annotated[str, Form(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", "a name of a site", "home")]
