"""A mesh of WireGuard between all machines and hosts: who is where, and under what others reach it. No key: those are made on machines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

#: The interface on every member. flannel's are flannel.1 and flannel-wg, cilium's cilium_wg0, a user's wg0.
INTERFACE = "stardock0"
#: Bytes that WireGuard adds to a packet, over IPv6 (wireguard.com/papers/wireguard.pdf, 5.4.6: 32; UDP 8; IPv6 40).
OVERHEAD = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where others reach a member: an address or a name, and a UDP port."""

    host: str
    port: int

    def __str__(self) -> str:
        """As cluster.yaml has it, and WireGuard's own tools: IPv6 in brackets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One member. `address` is its own in the mesh, IPv4; `endpoint` None: only its own site reaches it, unless `is_open`."""

    site: str
    address: str
    endpoint: Endpoint | None = None
    is_open: bool = False  # other sites reach it at its own address, too

    @property
    def is_reached(self) -> bool:
        """Whether other sites can begin to talk to it."""
        return self.is_open or self.endpoint is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mesh:
    """All of it. `network` in CIDR form, IPv4; `keepalive` in seconds; `places` by name, in declared order: machines, then hosts."""

    network: str
    port: int
    mtu: int
    keepalive: int
    places: Mapping[str, Place] = field(default_factory=dict)
    relays: tuple[str, ...] = ()  # those that other sites can begin to talk to: load balancers, servers, agents
    carried: Mapping[str, str] = field(default_factory=dict)  # pair of sites (`pair_of`) -> the relay between them


def pair_of(one: str, other: str) -> str:
    """Two sites as one word, the same whichever is named first: boat+shed."""
    return "+".join(sorted((one, other)))


def relay_of(mesh: Mesh, one: str, other: str) -> str | None:
    """Who carries packets between two members that cannot reach each other; None: they can."""
    mine, theirs = mesh.places[one], mesh.places[other]
    if mine.site == theirs.site or mine.is_reached or theirs.is_reached:
        return None
    return mesh.carried[pair_of(mine.site, theirs.site)]
