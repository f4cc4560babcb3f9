"""The VIP: on which interface of the load balancers it lies. Whether it can is `stardock.spec.rules.addresses`."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Interface
from typing import TYPE_CHECKING

from stardock.distributions import distribution
from stardock.model.machine import Interface, Machine
from stardock.model.settings import LoadBalancing

if TYPE_CHECKING:  # pydantic takes a tenth of a second
    from stardock.spec.cluster import Spec

#: Of a VIP on an interface whose subnet nobody knows (DHCP): the address alone. keepalived adds it, the interface's own route stays.
ALONE = 32


def load_balancing(spec: Spec, machines: Sequence[Machine], vrid: int | None) -> LoadBalancing | None:
    """The VIP with its interface and prefix; None when there are no load balancers.

    Read off the machines as they are, not off cluster.yaml: the pool of load balancers may be gone from there.
    """
    balancers = [machine for machine in machines if machine.role == "loadbalancer"]
    vip = spec.network.vip
    if vip is None or vrid is None or not balancers:
        return None
    nic = vip_interface(vip, spec.network.vip_interface, balancers[0].interfaces)
    own = distribution(spec.distribution.name)
    return LoadBalancing(
        vip=str(vip),
        prefix=nic.prefix or ALONE,
        interface=nic.name,
        vrid=vrid,
        api_port=own.api_port,
        supervisor_port=own.supervisor_port,
    )


def vip_interface(vip: IPv4Address, name: str | None, interfaces: Sequence[Interface]) -> Interface:
    """The named interface, else the one whose subnet holds the VIP, else the first with DHCP; else the first."""
    named = [nic for nic in interfaces if nic.name == name]
    holding = [nic for nic in interfaces if nic.address and vip in IPv4Interface(f"{nic.address}/{nic.prefix}").network]
    dynamic = [nic for nic in interfaces if nic.address is None]
    return [*named, *holding, *dynamic, *interfaces][0]
