"""Rules of addresses: each machine its own, inside of its subnet, and nobody on the VIP or a gateway."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network
from typing import TYPE_CHECKING

from stardock.errors import Problem
from stardock.plan import addresses
from stardock.plan.claims import Clash, clashes
from stardock.plan.counting import Numbers
from stardock.plan.locked import Lock
from stardock.plan.model import Machine
from stardock.plan.wanted import Wanted
from stardock.spec.addresses import unfit
from stardock.spec.keypath import path_text
from stardock.spec.places import at

if TYPE_CHECKING:  # pydantic takes a tenth of a second
    from stardock.spec.cluster import Keys, Spec
    from stardock.spec.network import Static


#: Address -> whose it is in words, and where cluster.yaml says so.
Owners = Mapping[str | None, tuple[str, "Keys"]]


def network_problems(
    spec: Spec, every: Sequence[Wanted], wishes: Mapping[str, Machine], standing: Mapping[str, Machine], numbers: Mapping[str, Numbers]
) -> list[Problem]:
    """All problems of addresses, as wished and as they stand; `numbers` are what each name is counted by."""
    vip = [*_vip(spec, every, numbers)]
    owners = _owners(spec, every, vip=not vip)
    return [*vip, *_unusable(spec, every, wishes), *_reserved(spec, every, wishes, owners), *_stood_on(spec, wishes, standing, owners)]


def _unusable(spec: Spec, every: Sequence[Wanted], wishes: Mapping[str, Machine]) -> Iterator[Problem]:
    """Outside of the subnet, its network address, its broadcast address."""
    for one in every:
        ranges = {nic.name: static for nic, static in one.ranges}
        for nic in wishes[one.name].interfaces:
            wrong = nic.address and unfit(IPv4Address(nic.address), ranges[nic.name].network)
            if wrong:
                message = f"{one.name}: {wrong}"
                yield at(spec, one.address_keys(nic.name), message, _room(ranges[nic.name].network))


def _room(network: IPv4Network) -> str:
    return f"machines can have {network[1]} to {network[-2]}"


def _reserved(spec: Spec, every: Sequence[Wanted], wishes: Mapping[str, Machine], owners: Owners) -> Iterator[Problem]:
    """A machine on an address that belongs to a gateway, the VIP, or a Proxmox host."""
    for one in every:
        for nic in wishes[one.name].interfaces:
            if nic.address in owners:
                message = f"{one.name}'s address {nic.address} is {owners[nic.address][0]}"
                yield at(spec, one.address_keys(nic.name), message, "choose another address, or another `offset`")


def _stood_on(spec: Spec, wishes: Mapping[str, Machine], standing: Mapping[str, Machine], owners: Owners) -> Iterator[Problem]:
    """The same of an address that a machine keeps although cluster.yaml wants another for it, or lacks the machine."""
    for name, machine in standing.items():
        told = {nic.address for nic in wishes[name].interfaces} if name in wishes else set()
        for address in (nic.address for nic in machine.interfaces if nic.address in owners and nic.address not in told):
            whose, keys = owners[address]
            message = f"{name} stands on {address}, which cannot be {whose} then"
            yield at(spec, keys, message, f"write another address: {name} keeps its own while it stands")


def _owners(spec: Spec, every: Sequence[Wanted], *, vip: bool) -> Owners:
    """The VIP's only when `vip`."""
    nodes = spec.proxmox.nodes
    hosts: Owners = {node.address: (f"the PVE node {node.name}", ("proxmox", "nodes", n)) for n, node in enumerate(nodes) if node.address}
    gateways: Owners = {
        str(static.gateway): ("the gateway", (*one.range_keys(nic.name), "gateway"))
        for one in every
        for nic, static in one.ranges
        if static.gateway
    }
    virtual: Owners = {str(spec.network.vip): ("the VIP", ("network", "vip"))} if vip and spec.network.vip else {}
    return {**hosts, **gateways, **virtual}


def _vip(spec: Spec, every: Sequence[Wanted], numbers: Mapping[str, Numbers]) -> Iterator[Problem]:
    """The VIP inside of a static range: the machine that comes next would take it."""
    vip = spec.network.vip
    if vip is None:
        return
    for keys, role, static, last in _ranges(every, numbers):
        first, end = addresses.counted(static.base, static.offset, 0), addresses.counted(static.base, static.offset, last)
        if first <= vip <= end:
            message = f"the VIP {vip} lies inside of the static range of {role}s, {first} to {end}"
            yield at(spec, ("network", "vip"), message, f"choose a VIP outside of it, or move the range ({path_text(keys)})")


def _ranges(every: Sequence[Wanted], numbers: Mapping[str, Numbers]) -> list[tuple[Keys, str, Static, int]]:
    """(where it stands, role, range, the last number that is counted in it) of every static range in use."""
    last: dict[Keys, tuple[Keys, str, Static, int]] = {}
    for one in every:
        counter = one.counter(numbers[one.name].ordinal, numbers[one.name].place)
        for nic, static in one.ranges:
            if nic.name in one.own.addresses:
                continue
            keys = (*one.interface_keys, nic.name)
            known = last.get(keys)
            last[keys] = (one.interface_keys, one.role, static, max(counter, known[3] if known else 0))
    return list(last.values())


def clash_problems(spec: Spec, every: Sequence[Wanted], lock: Lock, machines: list[tuple[str, Machine]]) -> list[Problem]:
    """Equal VM ids, MACs and addresses among `machines` (as they are, and as they are wished)."""
    places = {one.name: one for one in every}
    return [_clash_problem(spec, places, lock, clash) for clash in clashes(machines)]


def _clash_problem(spec: Spec, places: Mapping[str, Wanted], lock: Lock, clash: Clash) -> Problem:
    """Told at the machine that cluster.yaml can change."""
    name, other = (clash.second, clash.first) if clash.second in places else (clash.first, clash.second)
    message = f"{name} and {other} have the same {clash.words} {clash.value}"
    cure = f"give one of them another {clash.words}" + (", or the range another `offset`" if clash.field == "address" else "")
    if other not in places:
        gone = other in spec.remove or lock.machines[other].retired
        freed = f"{other} keeps it for its return: when it is gone, `runner lock forget {other}` frees it"
        cure = freed if gone else f"{other} still stands: give {name} another {clash.words}"
    return at(spec, _claim_keys(places[name], clash), message, cure)


def _claim_keys(one: Wanted, clash: Clash) -> Keys:
    if clash.field == "address":
        nic = next((nic for nic, address in one.own.addresses.items() if str(address) == clash.value), None)
        return one.address_keys(nic or (one.ranges[0][0].name if one.ranges else ""))
    return (*one.keys, "vm_id") if clash.field == "vm_id" and one.own.vm_id else one.keys
