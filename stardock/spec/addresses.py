"""Rules about addresses that were written out: machines' own ones, gateways, the VIP."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network

from stardock.errors import Problem
from stardock.spec.cluster import Keys, Spec
from stardock.spec.keypath import path_text
from stardock.spec.network import Interface
from stardock.spec.places import at
from stardock.spec.pools import Machine


def unfit(address: IPv4Address, network: IPv4Network) -> str | None:
    """Why no host of that subnet can have the address; None when one can."""
    if address not in network:
        return f"{address} lies outside of {network}"
    if address == network.network_address:
        return f"{address} is the network address of {network}"
    return f"{address} is the broadcast address of {network}" if address == network.broadcast_address else None


def address_rules(spec: Spec) -> Iterator[Problem]:
    """`addresses` of machines: of interfaces that are there, static, and inside of their subnet."""
    for keys, pool, machine in spec.members():
        interfaces = {interface.name: interface for interface in spec.interfaces_of(pool)}
        yield from _own_addresses(spec, (*keys, "addresses"), machine, interfaces)


def _own_addresses(spec: Spec, keys: Keys, machine: Machine, interfaces: dict[str, Interface]) -> Iterator[Problem]:
    for name, address in machine.addresses.items():
        interface = interfaces.get(name)
        if interface is None:
            yield at(spec, (*keys, name), f"`{machine.name}` has no interface `{name}`", f"its interfaces: {', '.join(interfaces)}")
        elif interface.static is None:
            cure = "give the interface `static: {base: ..., prefix: ...}`, or delete the address here"
            yield at(spec, (*keys, name), f"`{name}` gets its address by DHCP, so {address} cannot be set", cure)
        elif fault := unfit(address, interface.static.network):
            yield at(spec, (*keys, name), fault, f"write an address of {interface.static.network}")


def gateway_rules(spec: Spec) -> Iterator[Problem]:
    """A gateway is inside of its subnet, and a machine has one."""
    for keys, interfaces in spec.interface_lists():
        routed = [(i, interface.static) for i, interface in enumerate(interfaces) if interface.static and interface.static.gateway]
        for i, static in routed:
            fault = unfit(static.gateway, static.network) if static.gateway else None
            if fault:
                yield at(spec, (*keys, i, "static", "gateway"), f"gateway {fault}", f"write an address of {static.network}")
        for i, _ in routed[1:]:
            message = "a second gateway: a machine has one default route"
            yield at(spec, (*keys, i, "static", "gateway"), message, "keep the gateway of one interface")


def vip_rules(spec: Spec) -> Iterator[Problem]:
    """The VIP is inside of a subnet of the load balancers, and nobody else's address."""
    keys: Keys = ("network", "vip")
    vip = spec.network.vip
    yield from _vip_interface(spec)
    if vip is None:
        return
    owners = dict.fromkeys(owner for owner, address in _taken(spec) if address == str(vip))
    if owners:
        yield at(spec, keys, f"the VIP {vip} is {' and '.join(owners)}", "write an address that nobody has")
    fault = _outside(spec, vip)
    if fault:
        yield at(spec, keys, f"the VIP {fault}", "write a free address of the load balancers' subnet")


def _vip_interface(spec: Spec) -> Iterator[Problem]:
    wanted = spec.network.vip_interface
    for keys, interfaces in _balanced(spec):
        names = [interface.name for interface in interfaces]
        if wanted is not None and wanted not in names:
            message = f"load balancers have no interface `{wanted}` (see {path_text(keys)})"
            yield at(spec, ("network", "vip_interface"), message, f"write one of {', '.join(names)}")


def _balanced(spec: Spec) -> Iterator[tuple[Keys, tuple[Interface, ...]]]:
    """The interface lists of load balancers that exist."""
    for p, pool in enumerate(spec.pools):
        if pool.role == "loadbalancer" and pool.members:
            yield ("pools", p, "interfaces") if pool.interfaces else ("network", "loadbalancer"), spec.interfaces_of(pool)


def _taken(spec: Spec) -> Iterator[tuple[str, str]]:
    """Addresses that are somebody's, with whose."""
    for _, interfaces in spec.interface_lists():
        statics = [interface.static for interface in interfaces if interface.static]
        yield from (("the gateway of a network", str(static.gateway)) for static in statics if static.gateway)
        yield from (("a name server", address) for static in statics for address in static.dns)
    yield from ((f"the address of PVE node `{node.name}`", node.address) for node in spec.proxmox.nodes if node.address)
    for _, _, machine in spec.members():
        yield from ((f"the address of `{machine.name}`", str(address)) for address in machine.addresses.values())


def _outside(spec: Spec, vip: IPv4Address) -> str | None:
    """Why the VIP fits no interface that may carry it; None when one fits, or DHCP leaves it open."""
    faults: list[str] = []
    for _, interfaces in _balanced(spec):
        allowed = [nic for nic in interfaces if spec.network.vip_interface in {None, nic.name}]
        found = [unfit(vip, nic.static.network) if nic.static else None for nic in allowed]
        if found and all(found):
            faults.append(min(fault for fault in found if fault))
    return faults[0] if faults else None
