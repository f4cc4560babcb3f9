"""`api`: on which ports the API is asked for, how haproxy shares it out among servers, how keepalived carries the virtual IP."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, Field, model_validator

from stardock.spec.proxmox import Port
from stardock.spec.section import Section, broken
from stardock.spec.units import Count, Flag, Form, MachineName, Milliseconds, Name, between

_HOST = r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|[0-9A-Fa-f]*:[0-9A-Fa-f:.]+"


def _hundredths(milliseconds: int) -> int:
    """VRRP version 3 counts hundredths of a second; of more digits keepalived complains (2.2.7, vrrp.c, `vrrp_complete_instance`)."""
    if milliseconds % 10:
        less = milliseconds - milliseconds % 10
        raise broken(f"{milliseconds}ms is no multiple of 10ms, and VRRP counts hundredths of a second", f"write {less}ms or {less + 10}ms")
    return milliseconds


HostOrAddress = Annotated[str, Form(_HOST, "an address or a host name", "192.168.1.30 or api.home.arpa")]
#: Of the algorithms of haproxy those that need nothing of HTTP (haproxy 2.6, configuration.txt, `balance`).
Balance = Literal["roundrobin", "static-rr", "leastconn", "first", "source", "random"]
BALANCES: tuple[str, ...] = get_args(Balance)
Times = Annotated[Count, between(1, 100, "times", "3")]
#: 0 gives the address up, 255 is of the address's owner (RFC 9568, 5.2.4).
Priority = Annotated[Count, between(1, 254, "priority", "150")]
#: A field of twelve bits, in hundredths of a second (RFC 9568, 5.2.7).
Advert = Annotated[Milliseconds, between(10, 40_950, "milliseconds", "200ms"), AfterValidator(_hundredths)]
Interval = Annotated[Milliseconds, between(100, 3_600_000, "milliseconds", "2s")]


class Check(Section):
    """When haproxy asks a server whether it is ready, and how many answers decide."""

    interval: Interval = Field(default=2000, description="of a server that is up: 2s")
    fast_interval: Interval = Field(default=1000, description="of one whose last answers differ")
    down_interval: Interval = Field(default=1000, description="of one that is down")
    rise: Times = Field(default=2, description="good answers until a server is used")
    fall: Times = Field(default=6, description="bad answers until it is not; fewer than 6 may take all out while etcd chooses a leader")


class Backend(Section):
    """A server beside those of `pools`, one that joined by hand for example."""

    name: Name = Field(description="name in haproxy's statistics and logs")
    address: HostOrAddress = Field(description="its address, or its whole host name")
    port: Port | None = Field(default=None, description="port of its API; default: that of all servers")
    supervisor_port: Port | None = Field(default=None, description="port where machines join there; default: that of all servers")


class Haproxy(Section):
    """How load balancers share connections out among servers."""

    balance: Balance = Field(default="roundrobin", description="haproxy's algorithm")
    by_name: Flag = Field(default=False, description="servers by host name, looked up again and again; default: by address")
    check: Check = Field(default=Check(), description="when a server counts as ready")
    backends: tuple[Backend, ...] = Field(default=(), description="servers beside those of `pools`")

    @model_validator(mode="after")
    def _one_name_each(self) -> Haproxy:
        names = [backend.name for backend in self.backends]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice:
            raise broken(f"two entries of `backends` are named `{twice}`", "give one of them another name")
        return self


class Keepalived(Section):
    """How machines agree by VRRP (version 3) on who carries the virtual IP."""

    mode: Literal["unicast", "multicast"] = Field(default="unicast", description="to whom adverts go: each other, or the whole segment")
    advert: Advert = Field(default=200, description="time between two adverts; the address is taken over after three and a little")
    priorities: dict[MachineName, Priority] = Field(
        default_factory=dict, description="machine -> priority, 1 to 254; default: 150 for the first, one less for each further one"
    )

    @model_validator(mode="after")
    def _one_each(self) -> Keepalived:
        given = list(self.priorities.values())
        twice = next((one for one in given if given.count(one) > 1), None)
        if twice:
            raise broken(f"two machines have the priority {twice}: of two that are equal nobody knows who is first", "write another")
        return self


class Api(Section):
    """The way to the API server, beside the address (`network.vip`). What is left open is as docs/network.md describes it."""

    port: Port | None = Field(
        default=None, description="where load balancers, or `external`, listen for the API; default: the servers' own"
    )
    supervisor_port: Port | None = Field(
        default=None, description="where they listen for machines that join; default: the servers' own; k3s has none besides `port`"
    )
    on_servers: Literal["keepalived", "kube-vip"] | None = Field(
        default=None, description="what holds the virtual IP on the servers themselves; default: load balancers hold it"
    )
    external: HostOrAddress | None = Field(
        default=None, description="address or host name that exists: a firewall, a cloud's balancer; it leads to the servers' ports"
    )
    haproxy: Haproxy = Field(default=Haproxy(), description="the load balancers' haproxy")
    keepalived: Keepalived = Field(default=Keepalived(), description="VRRP of the virtual IP")
