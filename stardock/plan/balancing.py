"""The VIP: on which interface of each that carries it it lies. Whether it can is `stardock.spec.rules.addresses`."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Interface
from typing import TYPE_CHECKING

from stardock.distributions import distribution
from stardock.model.api import Backend, Check, Endpoint, Haproxy, Keepalived
from stardock.model.machine import Interface, Machine, Role
from stardock.model.settings import LoadBalancing

if TYPE_CHECKING:  # pydantic takes a tenth of a second
    from stardock.spec.cluster import Spec


def load_balancing(spec: Spec, machines: Sequence[Machine], vrid: int | None) -> LoadBalancing | None:
    """The VIP with its interfaces; None when nobody carries it.

    Read off the machines as they are, not off cluster.yaml: the pool of load balancers may be gone from there.
    """
    role: Role = "server" if spec.api.on_servers else "loadbalancer"
    carriers = [machine for machine in machines if machine.role == role]
    vip = spec.network.vip
    if vip is None or vrid is None or not carriers:
        return None
    api_port, supervisor_port = ports(spec)
    return LoadBalancing(
        vip=str(vip),
        interfaces={machine.name: vip_interface(vip, spec.network.vip_interface, machine.interfaces).name for machine in carriers},
        vrid=vrid,
        api_port=api_port,
        supervisor_port=supervisor_port,
        role=role,
        by=spec.api.on_servers or "keepalived",
        vip_ipv6=str(spec.network.vip_ipv6) if spec.network.vip_ipv6 else None,
        haproxy=_haproxy(spec),
        keepalived=_keepalived(spec),
    )


def external(spec: Spec) -> Endpoint | None:
    """The address or name that exists, if cluster.yaml has one."""
    if spec.api.external is None:
        return None
    api_port, supervisor_port = ports(spec)
    return Endpoint(host=spec.api.external, api_port=api_port, supervisor_port=supervisor_port)


def ports(spec: Spec) -> tuple[int, int]:
    """Where the API is asked for, and where machines join: as written, else as on servers. A distribution with one port has one."""
    own = distribution(spec.distribution.name)
    api = spec.api.port or own.api_port
    return api, api if own.supervisor_port == own.api_port else spec.api.supervisor_port or own.supervisor_port


def _haproxy(spec: Spec) -> Haproxy:
    wanted = spec.api.haproxy
    check = Check(
        interval_ms=wanted.check.interval,
        fast_ms=wanted.check.fast_interval,
        down_ms=wanted.check.down_interval,
        rise=wanted.check.rise,
        fall=wanted.check.fall,
    )
    backends = tuple(
        Backend(name=one.name, address=one.address, api_port=one.port, supervisor_port=one.supervisor_port) for one in wanted.backends
    )
    return Haproxy(balance=wanted.balance, by_name=wanted.by_name, check=check, backends=backends)


def _keepalived(spec: Spec) -> Keepalived:
    wanted = spec.api.keepalived
    return Keepalived(multicast=wanted.mode == "multicast", advert_ms=wanted.advert, priorities=wanted.priorities)


def vip_interface(vip: IPv4Address, name: str | None, interfaces: Sequence[Interface]) -> Interface:
    """The named interface, else the one whose subnet holds the VIP, else the first with DHCP; else the first."""
    named = [nic for nic in interfaces if nic.name == name]
    holding = [nic for nic in interfaces if nic.address and vip in IPv4Interface(f"{nic.address}/{nic.prefix}").network]
    dynamic = [nic for nic in interfaces if nic.address is None]
    return [*named, *holding, *dynamic, *interfaces][0]
