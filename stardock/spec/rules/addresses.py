"""Rules about addresses that were written out: machines' own ones, the VIP. For interfaces and routes: `stardock.spec.rules.routing`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stardock.errors import Problem
from stardock.spec.cluster import Keys, Spec
from stardock.spec.interface import Interface
from stardock.spec.ip import IpAddress, IpNetwork
from stardock.spec.keypath import path_text
from stardock.spec.places import at
from stardock.spec.pools import Machine
from stardock.systems import system


def unfit(address: IpAddress, network: IpNetwork) -> str | None:
    """Why no host of that subnet can have the address; None when one can."""
    if address not in network:
        return f"{address} lies outside of {network}"
    if address == network.network_address:
        kind = "network address" if network.version == 4 else "anycast address of the routers"  # noqa: PLR2004
        return f"{address} is the {kind} of {network}"
    last = network.version == 4 and address == network.broadcast_address  # noqa: PLR2004  IPv6 has no broadcast
    return f"{address} is the broadcast address of {network}" if last else None


def address_rules(spec: Spec) -> Iterator[Problem]:
    """`addresses`, `ipv6_addresses` and `macs` of machines: of interfaces that are there, static, and inside of their subnet."""
    for keys, pool, machine in spec.members():
        interfaces = {interface.name: interface for interface in spec.interfaces_of(pool)}
        yield from _own_addresses(spec, (*keys, "addresses"), machine.addresses, interfaces)
        yield from _own_addresses(spec, (*keys, "ipv6_addresses"), machine.ipv6_addresses, interfaces)
        for name in (*machine.addresses, *machine.ipv6_addresses, *machine.macs):
            if name not in interfaces:
                key = "macs" if name in machine.macs else "addresses" if name in machine.addresses else "ipv6_addresses"
                yield _no_interface(spec, (*keys, key, name), machine, name, interfaces)


def _no_interface(spec: Spec, keys: Keys, machine: Machine, name: str, interfaces: Mapping[str, Interface]) -> Problem:
    return at(spec, keys, f"`{machine.name}` has no interface `{name}`", f"its interfaces: {', '.join(interfaces)}")


def _own_addresses(spec: Spec, keys: Keys, given: Mapping[str, IpAddress], interfaces: Mapping[str, Interface]) -> Iterator[Problem]:
    for name, address in given.items():
        if name not in interfaces:
            continue
        static = next((one for one in interfaces[name].ranges if one.base.version == address.version), None)
        if static is None:
            yield _not_static(spec, (*keys, name), address)
        elif fault := unfit(address, static.network):
            yield at(spec, (*keys, name), fault, f"write an address of {static.network}")


def _not_static(spec: Spec, keys: Keys, address: IpAddress) -> Problem:
    if address.version == 4:  # noqa: PLR2004
        message = f"`{keys[-1]}` gets its address by DHCP, so {address} cannot be set"
        return at(spec, keys, message, "give the interface `static: {base: ..., prefix: ...}`, or delete the address here")
    message = f"`{keys[-1]}` has no static IPv6, so {address} cannot be set"
    return at(spec, keys, message, "give the interface `ipv6: {static: {base: ..., prefix: ...}}`, or delete the address here")


def vip_rules(spec: Spec) -> Iterator[Problem]:
    """The VIPs are inside of a subnet of the load balancers, and nobody else's address."""
    yield from _vip_interface(spec)
    for key, vip in (("vip", spec.network.vip), ("vip_ipv6", spec.network.vip_ipv6)):
        if vip is None:
            continue
        owners = dict.fromkeys(owner for owner, address in taken(spec) if address == str(vip))
        if owners:
            yield at(spec, ("network", key), f"the VIP {vip} is {' and '.join(owners)}", "write an address that nobody has")
        fault = _outside(spec, vip)
        if fault:
            yield at(spec, ("network", key), f"the VIP {fault}", "write a free address of the subnet of those that carry it")
    yield from _second_vip(spec)


def _second_vip(spec: Spec) -> Iterator[Problem]:
    """It goes where the first one is, over an interface that has IPv6 at all."""
    if spec.network.vip_ipv6 is None:
        return
    if spec.network.vip is None:
        message = "the IPv6 VIP goes where the IPv4 one is, and there is none"
        yield at(spec, ("network", "vip_ipv6"), message, "write `vip: ADDRESS` beside it; machines join over IPv4")
    for keys, interfaces in _balanced(spec):
        if not any(nic.ipv6 for nic in interfaces):
            message = f"no interface of those that carry it has IPv6 (see {path_text(keys)})"
            yield at(spec, ("network", "vip_ipv6"), message, "give the interface `ipv6: {slaac: true}`, {dhcp: true} or {static: {...}}")


def _vip_interface(spec: Spec) -> Iterator[Problem]:
    wanted = spec.network.vip_interface
    carriers = [(pool, system(spec.image_of(pool).system)) for pool in spec.pools if pool.role == "server" and pool.members]
    unnamed = next(((pool, own) for pool, own in carriers if not own.names_interfaces), None) if spec.api.on_servers else None
    if wanted is not None and unnamed:
        message = f"{unnamed[1].title}, of pool {unnamed[0].name}, gives interfaces names of its own, and none would be called so"
        yield at(spec, ("network", "vip_interface"), message, "delete it: kube-vip takes the interface of the default route there")
        return
    for keys, interfaces in _balanced(spec):
        names = [interface.name for interface in interfaces]
        if wanted is not None and wanted not in names:
            message = f"those that carry the VIP have no interface `{wanted}` (see {path_text(keys)})"
            yield at(spec, ("network", "vip_interface"), message, f"write one of {', '.join(names)}")


def _balanced(spec: Spec) -> Iterator[tuple[Keys, tuple[Interface, ...]]]:
    """The interface lists of those that carry the VIP."""
    role = "server" if spec.api.on_servers else "loadbalancer"
    for p, pool in enumerate(spec.pools):
        if pool.role == role and pool.members:
            yield ("pools", p, "interfaces") if pool.interfaces else ("network", role), spec.interfaces_of(pool)


def taken(spec: Spec) -> Iterator[tuple[str, str]]:
    """Addresses that are somebody's, with whose."""
    yield from (("a name server", address) for address in spec.network.dns)
    for _, interfaces in spec.interface_lists():
        statics = [static for interface in interfaces for static in interface.ranges]
        yield from (("the gateway of a network", str(static.gateway)) for static in statics if static.gateway)
        yield from (("a name server", address) for interface in interfaces for address in interface.dns)
        yield from (("the next hop of a route", route.via) for interface in interfaces for route in interface.routes)
    yield from ((f"the address of PVE node `{node.name}`", node.address) for node in spec.proxmox.nodes if node.address)
    for _, _, machine in spec.members():
        own = (*machine.addresses.values(), *machine.ipv6_addresses.values())
        yield from ((f"the address of `{machine.name}`", str(address)) for address in own)
    for host in spec.hosts:
        yield from ((f"the address of `{host.name}`", str(address)) for address in (host.address, host.node_ip, host.node_ipv6) if address)


def _outside(spec: Spec, vip: IpAddress) -> str | None:
    """Why a VIP fits no interface that may carry it; None when one fits, or DHCP leaves it open."""
    faults: list[str] = []
    for _, interfaces in _balanced(spec):
        allowed = [nic for nic in interfaces if spec.network.vip_interface in {None, nic.name}]
        ranges = [next((one for one in nic.ranges if one.base.version == vip.version), None) for nic in allowed]
        found = [unfit(vip, static.network) if static else None for static in ranges]
        if found and all(found):
            faults.append(min(fault for fault in found if fault))
    return faults[0] if faults else None
