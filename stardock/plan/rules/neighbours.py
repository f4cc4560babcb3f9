"""Clusters side by side: what only one of them may have. Pure; reading the other files is `stardock.workspace.neighbours`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from stardock.errors import Problem
from stardock.model.machine import Machine
from stardock.model.plan import Plan
from stardock.plan.rules.placement import gibibytes
from stardock.plan.state import place
from stardock.spec.places import at

if TYPE_CHECKING:  # pydantic takes a tenth of a second
    from stardock.spec.cluster import Keys, Spec

#: Where two equal values clash: in any case, on one estate, or in one VLAN of one estate.
Reach = Literal["anywhere", "estate"]


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another cluster's file and what it plans."""

    file: str
    plan: Plan


@dataclass(frozen=True, slots=True)
class Claim:
    """One value that is one cluster's alone. `machine` is its owner, or empty for the cluster itself; `where` narrows the comparison."""

    words: str
    value: str
    machine: str = ""
    reach: Reach = "estate"
    where: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, ...]:
        """Two claims with the same key are a clash; an address and a VIP are the same kind of thing."""
        kind = "address" if self.words in {"address", "VIP"} else self.words
        return (kind, self.value, *self.where)


def claims(plan: Plan) -> Iterator[Claim]:
    """Everything that a cluster takes for itself."""
    yield Claim("cluster name", plan.cluster, reach="anywhere")
    if state := place(plan.state):
        yield Claim("state", " ".join(part for part in state if part), reach="anywhere")
    for machine in plan.machines:
        yield from _machine_claims(machine)
    yield from (Claim("host", f"{host.reached_at} port {host.ssh_port or plan.ssh.port}", host.name) for host in plan.hosts)
    balancing = plan.load_balancing
    if balancing is not None:
        nics = (nic for machine in plan.carriers for nic in machine.interfaces if nic.name == balancing.interface)
        vlan = _vlan(next(nic.vlan for nic in nics))
        yield from (Claim("VIP", vip, where=vlan) for vip in balancing.vips)
        if balancing.by == "keepalived":
            yield Claim("VRRP id", str(balancing.vrid), where=vlan)


def _machine_claims(machine: Machine) -> Iterator[Claim]:
    yield Claim("VM id", str(machine.vm_id), machine.name)
    yield Claim("host name", machine.hostname, machine.name)
    for nic in machine.interfaces:
        yield Claim("MAC", nic.mac, machine.name)
        addresses = (nic.address, nic.ipv6.address if nic.ipv6 else None)
        yield from (Claim("address", address, machine.name, where=_vlan(nic.vlan)) for address in addresses if address)


def _vlan(vlan: int | None) -> tuple[str, ...]:
    return (f"VLAN {vlan}" if vlan else "no VLAN",)


def compare(spec: Spec, plan: Plan, neighbours: Sequence[Neighbour]) -> tuple[list[Problem], list[str]]:
    """Find what two clusters both take: problems of this file, and warnings where it is not sure that they share an estate."""
    problems: list[Problem] = []
    warnings: list[str] = []
    for other in neighbours:
        sure, shared = _estate(plan, other.plan)
        for clashes in _clashes(plan, other.plan, shared=bool(shared)):
            claim, message = clashes[0][0], _message(clashes, other)
            if claim.reach == "anywhere" or (sure and claim.words in _CURES):
                problems.append(at(spec, _keys(spec, claim), message, _CURES[claim.words]))
            else:
                warnings.append(message + ("" if sure else f"; is {shared} the same PVE node in both?"))
    return problems, [*warnings, *_too_full_together(plan, [other.plan for other in neighbours if _estate(plan, other.plan)[0]])]


def _too_full_together(plan: Plan, others: Sequence[Plan]) -> Iterator[str]:
    """PVE nodes that carry more memory of several clusters than they have; of this one alone, the placement has told already."""
    for node in plan.proxmox.nodes:
        carried = [(each.cluster, sum(one.memory_mib for one in each.machines if one.pve_node == node.name)) for each in (plan, *others)]
        ours, total = carried[0][1], sum(mib for _, mib in carried)
        if node.memory_mib and ours <= node.memory_mib < total:
            parts = ", ".join(f"{gibibytes(mib)} of {name}" for name, mib in carried if mib)
            yield f"{node.name} carries {parts}, and has {gibibytes(node.memory_mib)}: give some machines other `nodes`, or less `memory`"


def _clashes(plan: Plan, other: Plan, *, shared: bool) -> Iterator[list[tuple[Claim, Claim]]]:
    """Equal claims, ours and theirs: together what is of one kind, since ranges that meet do so for many machines."""
    taken = {claim.key: claim for claim in claims(other)}
    found: dict[str, list[tuple[Claim, Claim]]] = {}
    for claim in claims(plan):
        if claim.key in taken and (shared or claim.reach == "anywhere"):
            found.setdefault(claim.words, []).append((claim, taken[claim.key]))
    yield from found.values()


def _estate(plan: Plan, other: Plan) -> tuple[bool, str]:
    """Whether both are surely on one estate, and a name that both give to a PVE node; empty: they share nothing.

    Surely: one endpoint, or a PVE node of one name at one address.
    """
    ours, theirs = _nodes(plan), _nodes(other)
    names = sorted(set(ours) & set(theirs))
    met = any(ours[name] is not None and ours[name] == theirs[name] for name in names)
    sure = plan.proxmox.endpoint == other.proxmox.endpoint or met  # None: one environment names the endpoint of both
    return sure, ", ".join(names) or ("the endpoint" if sure else "")


def _nodes(plan: Plan) -> Mapping[str, str | None]:
    return {node.name: node.address for node in plan.proxmox.nodes}


def _message(clashes: Sequence[tuple[Claim, Claim]], other: Neighbour) -> str:
    """The first in full, the others by name."""
    claim, theirs = clashes[0]
    owner = claim.machine or "this cluster"
    holder = f"{theirs.machine} of {other.plan.cluster}" if theirs.machine else f"the cluster {other.plan.cluster}"
    words = f"{claim.words} {claim.value}" if claim.words == theirs.words else f"{claim.words} {claim.value} ({theirs.words} there)"
    more = ", ".join(f"{one.machine} {one.value}" for one, _ in clashes[1:])
    return f"{owner} and {holder} ({other.file}) have the same {words}" + (f"; likewise {more}" if more else "")


#: What is no clash but a nuisance (host names) has no cure here, and is a warning.
_CURES = {
    "cluster name": "give one of them another name before its first deploy; a mere copy belongs into another folder",
    "state": "give one of them another place: the engine would take the other's machines for its own",
    "VM id": "start a pool elsewhere (`vm_id_start`), or write `vm_id:` on the machine",
    "MAC": "write `macs:` on the machine",
    "address": "move the range (`offset`), or write `addresses:` on the machine",
    "VIP": "choose another VIP",
    "VRRP id": "write `vrid:` under `network`, 1 to 255, in the younger cluster",
}


def _keys(spec: Spec, claim: Claim) -> Keys:
    """Where the value is decided, as near as can be told."""
    if claim.machine:
        return next((keys for keys, _, machine in spec.members() if machine.name == claim.machine), ("pools",))
    return {"cluster name": ("cluster",), "state": ("state",), "VRRP id": ("network", "vrid")}.get(claim.words, ("network", "vip"))
