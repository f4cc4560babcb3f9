"""The VIP: on which interface of the load balancers it lies. Whether it can is `stardock.spec.addresses`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from stardock.plan.model import LoadBalancing, Machine

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


def _interfaces(spec: Spec) -> tuple[Interface, ...]:
    pools = [pool for pool in spec.pools if pool.role == "loadbalancer" and pool.members]
    return spec.interfaces_of(pools[0]) if pools else spec.network.loadbalancer
