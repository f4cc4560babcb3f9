"""How the API is reached: how haproxy shares it out among servers, and how keepalived carries the virtual IP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address


def is_address(text: str) -> bool:
    """Whether that is an IP address, of either version, and not a name."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def written_time(milliseconds: int) -> str:
    """A time as people and haproxy write it: 2s, 300ms."""
    return f"{milliseconds}ms" if milliseconds % 1000 else f"{milliseconds // 1000}s"


def https(host: str, port: int) -> str:
    """A URL without a path; an IPv6 address stands in brackets there."""
    return f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where the API is asked for and machines join, other than at the first server: the VIP, or what exists already (address or name)."""

    host: str
    api_port: int
    supervisor_port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """When a server is looked at, in milliseconds, and how often it must pass or fail to come or go (docs/decisions/0026)."""

    interval_ms: int = 2000  # of one that is up
    fast_ms: int = 1000  # of one that has just passed, or failed
    down_ms: int = 1000  # of one that is down
    rise: int = 2
    fall: int = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """A server that is in no pool, by address or name. A port that is None is the one of the cluster's own servers."""

    name: str
    address: str
    api_port: int | None = None
    supervisor_port: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Haproxy:
    """How load balancers share connections out; `by_name`: servers are looked up by their host names."""

    balance: str = "roundrobin"
    by_name: bool = False
    check: Check = field(default_factory=Check)
    backends: tuple[Backend, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Keepalived:
    """How machines agree on who carries the VIP; `priorities` are those that were written, by machine."""

    multicast: bool = False
    advert_ms: int = 200
    priorities: Mapping[str, int] = field(default_factory=dict)
