"""Rules of addresses: each machine its own, inside of its subnet, and nobody on the VIP or a gateway."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_address
from typing import TYPE_CHECKING

from stardock.errors import Problem
from stardock.model.lock import Lock
from stardock.model.machine import Machine
from stardock.plan.allocation import addresses
from stardock.plan.allocation.claims import Clash, clashes, static_addresses
from stardock.plan.allocation.counting import Numbers
from stardock.plan.allocation.declared import V4, Declared
from stardock.plan.balancing import vip_interface
from stardock.spec.keypath import path_text
from stardock.spec.places import at
from stardock.spec.rules.addresses import unfit
from stardock.spec.rules.hosts import own_address
from stardock.systems import system

if TYPE_CHECKING:  # pydantic takes a tenth of a second
    from stardock.spec.cluster import Keys, Spec
    from stardock.spec.interface import Static
    from stardock.spec.ip import IpNetwork


#: Address -> whose it is in words, and where cluster.yaml says so.
Owners = Mapping[str | None, tuple[str, "Keys"]]


def network_problems(
    spec: Spec, every: Sequence[Declared], wishes: Mapping[str, Machine], existing: Mapping[str, Machine], numbers: Mapping[str, Numbers]
) -> list[Problem]:
    """All problems of addresses, as wished and as they are; `numbers` are what each name is counted by."""
    vip = [*_vip(spec, every, numbers)]
    owners = _owners(spec, every, vip=not vip)
    return [
        *vip,
        *_carried_alike(spec, existing),
        *_unusable(spec, every, wishes),
        *_reserved(spec, every, wishes, owners),
        *_in_use(spec, wishes, existing, owners),
    ]


def _unusable(spec: Spec, every: Sequence[Declared], wishes: Mapping[str, Machine]) -> Iterator[Problem]:
    """Outside of the subnet, its network address, its broadcast address."""
    for declared in every:
        networks = {(nic.name, static.base.version): static.network for nic, static in declared.ranges}
        for nic in wishes[declared.name].interfaces:
            for address in map(ip_address, static_addresses(nic)):
                network = networks[nic.name, address.version]
                if wrong := unfit(address, network):
                    yield at(spec, declared.address_keys(nic.name, address.version), f"{declared.name}: {wrong}", _room(network))


def _room(network: IpNetwork) -> str:
    return f"machines can have {network[1]} to {network[-2 if network.version == V4 else -1]}"


def _reserved(spec: Spec, every: Sequence[Declared], wishes: Mapping[str, Machine], owners: Owners) -> Iterator[Problem]:
    """A machine on an address that belongs to a gateway, the VIP, or a Proxmox host; or that is its own next hop."""
    for declared in every:
        for nic in wishes[declared.name].interfaces:
            hops = {route.via: ("the next hop of its own route", ()) for route in nic.routes}
            for address in static_addresses(nic):
                found = owners.get(address) or hops.get(address)
                if found:
                    message = f"{declared.name}'s address {address} is {found[0]}"
                    keys = declared.address_keys(nic.name, ip_address(address).version)
                    yield at(spec, keys, message, "choose another address, or another `offset`")


def _in_use(spec: Spec, wishes: Mapping[str, Machine], existing: Mapping[str, Machine], owners: Owners) -> Iterator[Problem]:
    """The same of an address that a machine keeps although cluster.yaml wants another for it, or lacks the machine."""
    for name, machine in existing.items():
        told = {address for nic in wishes[name].interfaces for address in static_addresses(nic)} if name in wishes else set()
        kept = [address for nic in machine.interfaces for address in static_addresses(nic)]
        for address in (address for address in kept if address in owners and address not in told):
            whose, keys = owners[address]
            message = f"{name} has {address}, which cannot be {whose} then"
            yield at(spec, keys, message, f"write another address: {name} keeps its own while it exists")


def _owners(spec: Spec, every: Sequence[Declared], *, vip: bool) -> Owners:
    """The VIP's only when `vip`."""
    nodes = spec.proxmox.nodes
    hosts: Owners = {node.address: (f"the PVE node {node.name}", ("proxmox", "nodes", n)) for n, node in enumerate(nodes) if node.address}
    gateways: Owners = {
        str(static.gateway): ("the gateway", (*declared.range_keys(nic.name, static.base.version), "gateway"))
        for declared in every
        for nic, static in declared.ranges
        if static.gateway
    }
    virtual: Owners = {str(spec.network.vip): ("the VIP", ("network", "vip"))} if vip and spec.network.vip else {}
    if spec.network.vip_ipv6:
        virtual = {**virtual, str(spec.network.vip_ipv6): ("the IPv6 VIP", ("network", "vip_ipv6"))}
    return {**dict(_of_hosts(spec)), **hosts, **gateways, **virtual}


def _of_hosts(spec: Spec) -> Iterator[tuple[str, tuple[str, Keys]]]:
    """Those that exist already, whose addresses no machine gets."""
    for h, host in enumerate(spec.hosts):
        for address in (own_address(host), host.address, host.node_ipv6):
            if address:
                yield str(address), (f"that of the host {host.name}", ("hosts", h, "address"))


def _vip(spec: Spec, every: Sequence[Declared], numbers: Mapping[str, Numbers]) -> Iterator[Problem]:
    """The VIP inside of a static range: the machine that comes next would take it."""
    vip = spec.network.vip
    if vip is None:
        return
    for keys, role, static, last in _ranges(every, numbers):
        first, end = addresses.counted(static.base, static.offset, 0), addresses.counted(static.base, static.offset, last)
        if int(first) <= int(vip) <= int(end):
            message = f"the VIP {vip} lies inside of the static range of {role}s, {first} to {end}"
            yield at(spec, ("network", "vip"), message, f"choose a VIP outside of it, or move the range ({path_text(keys)})")


def _carried_alike(spec: Spec, machines: Mapping[str, Machine]) -> Iterator[Problem]:
    """kube-vip is one DaemonSet, and told one interface for all servers; none where a system names its interfaces itself."""
    servers = [one for one in machines.values() if one.role == "server" and system(one.image.system).names_interfaces]
    if spec.network.vip is None or spec.api.on_servers != "kube-vip":
        return
    found = {vip_interface(spec.network.vip, spec.network.vip_interface, one.interfaces).name: one.name for one in reversed(servers)}
    if len(found) > 1:
        places = ", ".join(f"{nic} of {name}" for nic, name in sorted(found.items()))
        message = f"kube-vip is told one interface for all servers, and the VIP would be on {places}"
        yield at(spec, ("api", "on_servers"), message, "give these interfaces one `name`, or write `on_servers: keepalived`")


def _ranges(every: Sequence[Declared], numbers: Mapping[str, Numbers]) -> list[tuple[Keys, str, Static, int]]:
    """(where it is written, role, range, the last number that is counted in it) of every static range of IPv4 in use."""
    last: dict[Keys, tuple[Keys, str, Static, int]] = {}
    for declared in every:
        counter = declared.counter(numbers[declared.name].ordinal, numbers[declared.name].place)
        for nic in declared.interfaces:
            if nic.static is None or nic.name in declared.own.addresses:
                continue
            keys = (*declared.interface_keys, nic.name)
            known = last.get(keys)
            last[keys] = (declared.interface_keys, declared.role, nic.static, max(counter, known[3] if known else 0))
    return list(last.values())


def clash_problems(spec: Spec, every: Sequence[Declared], lock: Lock, machines: list[tuple[str, Machine]]) -> list[Problem]:
    """Equal VM ids, MACs and addresses among `machines` (as they are, and as they are wished)."""
    places = {declared.name: declared for declared in every}
    return [_clash_problem(spec, places, lock, clash) for clash in clashes(machines)]


def _clash_problem(spec: Spec, places: Mapping[str, Declared], lock: Lock, clash: Clash) -> Problem:
    """Told at the machine that cluster.yaml can change."""
    name, other = (clash.second, clash.first) if clash.second in places else (clash.first, clash.second)
    message = f"{name} and {other} have the same {clash.words} {clash.value}"
    cure = f"give one of them another {clash.words}" + (", or the range another `offset`" if clash.field == "address" else "")
    if name == other:
        message = f"two interfaces of {name} have the same {clash.words} {clash.value}"
    elif other not in places:
        gone = other in spec.remove or lock.machines[other].retired
        freed = f"{other} keeps it for its return: when it is gone, `runner lock forget {other}` frees it"
        cure = freed if gone else f"{other} still exists: give {name} another {clash.words}"
    return at(spec, _claim_keys(places[name], clash), message, cure)


def _claim_keys(declared: Declared, clash: Clash) -> Keys:
    if clash.field == "address":
        return _address_claim(declared, clash.value)
    if clash.field == "mac":
        nic = next((nic for nic, mac in declared.own.macs.items() if mac == clash.value), None)
        return (*declared.keys, "macs", nic) if nic else declared.keys
    return (*declared.keys, "vm_id") if clash.field == "vm_id" and declared.own.vm_id else declared.keys


def _address_claim(declared: Declared, value: str) -> Keys:
    """Where an address was given: the machine's own words, else the range whose subnet holds it."""
    address = ip_address(value)
    own = {str(given): nic for given_by in (declared.own.addresses, declared.own.ipv6_addresses) for nic, given in given_by.items()}
    holding = [nic.name for nic, static in declared.ranges if address in static.network]
    name = own.get(value) or next(iter(holding), declared.interfaces[0].name)
    return declared.address_keys(name, address.version)
