"""The VIP: on which interface of the load balancers it lies, and whether it can."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from stardock.errors import Problem
from stardock.plan.model import LoadBalancing, Machine
from stardock.plan.wanted import Wanted, problem

if TYPE_CHECKING:  # pydantic takes a tenth of a second
    from stardock.spec.cluster import Spec
    from stardock.spec.network import Interface

#: Of a VIP on an interface whose subnet nobody knows (DHCP): the address alone. keepalived adds it, the interface's own route stays.
ALONE = 32


def load_balancing(spec: Spec, machines: Sequence[Machine], vrid: int | None) -> LoadBalancing | None:
    """The VIP with its interface and prefix; None when there are no load balancers."""
    vip = spec.network.vip
    if vip is None or vrid is None or not any(machine.role == "loadbalancer" for machine in machines):
        return None
    nic = vip_interface(spec, _interfaces(spec))
    name = nic.name if nic else spec.network.loadbalancer[0].name
    prefix = nic.static.prefix if nic and nic.static else ALONE
    return LoadBalancing(vip=str(vip), prefix=prefix, interface=name, vrid=vrid)


def vip_interface(spec: Spec, interfaces: Sequence[Interface]) -> Interface | None:
    """The named interface, else the one whose subnet holds the VIP, else the first with DHCP; None: none of them can."""
    vip, name = spec.network.vip, spec.network.vip_interface
    if name is not None:
        return next((nic for nic in interfaces if nic.name == name), None)
    holding = (nic for nic in interfaces if nic.static and vip in nic.static.network)
    return next(holding, None) or next((nic for nic in interfaces if nic.static is None), None)


def load_balancing_problems(spec: Spec, every: Sequence[Wanted]) -> Iterator[Problem]:
    """No interface for the VIP; checked on every pool of load balancers, as any of them may carry it."""
    if spec.network.vip is None:
        return
    for pool in {one.pool.name: one for one in every if one.role == "loadbalancer"}.values():
        if vip_interface(spec, pool.interfaces) is None:
            message = f"no interface of the load balancers in pool {pool.pool.name} can carry the VIP {spec.network.vip}"
            subnets = ", ".join(f"{nic.name}: {static.network}" for nic, static in pool.ranges)
            key = "vip_interface" if spec.network.vip_interface else "vip"
            yield problem(spec, ("network", key), message, f"they have {subnets or ', '.join(nic.name for nic in pool.interfaces)}")


def _interfaces(spec: Spec) -> tuple[Interface, ...]:
    pools = [pool for pool in spec.pools if pool.role == "loadbalancer" and pool.members]
    return spec.interfaces_of(pools[0]) if pools else spec.network.loadbalancer
