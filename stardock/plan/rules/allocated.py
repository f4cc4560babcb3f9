"""Rules about what is allocated, between cluster.yaml and its lock. What cluster.yaml alone can break is `stardock.spec.rules.across`."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from stardock.errors import Problem
from stardock.model.lock import Lock
from stardock.model.machine import Machine, Window
from stardock.plan.allocation import identity
from stardock.plan.allocation.declared import Declared
from stardock.plan.allocation.vm_ids import range_problems
from stardock.plan.machine import maintenance
from stardock.plan.machine.images import unpinned_files
from stardock.plan.rules.placement import too_full
from stardock.spec.places import at

if TYPE_CHECKING:  # pydantic takes a tenth of a second
    from stardock.spec.cluster import Spec


def before_allocation(spec: Spec, every: Sequence[Declared], lock: Lock | None) -> list[Problem]:
    """What would make an allocation meaningless: another cluster's lock, ranges that meet, a name in another role."""
    locked = lock.machines if lock else {}
    return [
        *_same_cluster(spec, lock),
        *unpinned_files(spec, every, lock.images if lock else {}, locked),
        *range_problems(spec, locked),
        *(
            _other_role(spec, declared, locked[declared.name].record)
            for declared in every
            if declared.name in locked and locked[declared.name].record.role != declared.role
        ),
    ]


def _same_cluster(spec: Spec, lock: Lock | None) -> Iterator[Problem]:
    if lock and lock.cluster != spec.cluster:
        message = f"the lock beside this file belongs to the cluster {lock.cluster}, not {spec.cluster}"
        cure = f"write `cluster: {lock.cluster}`, or give the new cluster a file name of its own: each has its own lock"
        yield at(spec, ("cluster",), message, cure)


def _other_role(spec: Spec, declared: Declared, record: Machine) -> Problem:
    name = declared.name
    message = f"{name} was planned as {record.role} and cannot become {declared.role}"
    cure = f"choose another name; or remove {name} first (`remove: [{name}]`, deploy), then `runner lock forget {name}`"
    return at(spec, declared.keys, message, cure)


def after_allocation(spec: Spec, every: Sequence[Declared], machines: Mapping[str, Machine], existing: Collection[str]) -> list[Problem]:
    """What the allocated values break; `machines` are all that will exist, retained ones too, `existing` those that exist already."""
    return [
        *_used_pve_nodes(spec, every, machines),
        *too_full(spec, every, existing, machines),
        *_existing_load_balancers(spec, machines),
        *_vm_ids(spec, every, machines),
        *_equal_windows(spec, machines),
        *_at_any_time(spec, machines),
    ]


def _used_pve_nodes(spec: Spec, every: Sequence[Declared], machines: Mapping[str, Machine]) -> Iterator[Problem]:
    """A machine does not leave a PVE node because the node leaves the file."""
    nodes = {node.name for node in spec.proxmox.nodes}
    declared = {one.name for one in every}
    explicit = {one.name for one in every if one.own.pve_node}
    for machine in machines.values():
        if machine.pve_node not in nodes and machine.name not in explicit:
            message = f"{machine.name} is on the PVE node {machine.pve_node}, which is not here"
            yield at(spec, ("proxmox", "nodes"), message, f"add {machine.pve_node} again; {_way_off(machine.name, declared)}")


def _way_off(name: str, declared: Collection[str]) -> str:
    if name in declared:
        return f"to leave it, migrate {name} in Proxmox first, then say `pve_node:` on it"
    return f"or write `remove: [{name}]` (no pool names it any more)"


def _existing_load_balancers(spec: Spec, machines: Mapping[str, Machine]) -> Iterator[Problem]:
    """The VIP goes after the load balancers, never before."""
    existing = [machine.name for machine in machines.values() if machine.role == "loadbalancer"]
    gone = f"`remove: [{', '.join(existing)}]`, `runner deploy`"
    other = "on_servers" if spec.api.on_servers else "external" if spec.api.external else None
    if existing and other:
        message = f"the load balancers {', '.join(existing)} exist, and `{other}` says that others are the way to the API"
        yield at(spec, ("api", other), message, f"let them go first ({gone}), or delete the line")
    elif existing and spec.network.vip is None:
        message = f"the load balancers {', '.join(existing)} still exist, and there is no VIP any more"
        yield at(spec, ("network", "vip"), message, f"write the VIP again until they are gone (`remove: [{', '.join(existing)}]`)")


def _vm_ids(spec: Spec, every: Sequence[Declared], machines: Mapping[str, Machine]) -> Iterator[Problem]:
    for declared in every:
        number = machines[declared.name].vm_id
        if number > identity.LAST_VM_ID:
            yield at(
                spec, declared.keys, f"{declared.name} would get VM id {number}; PVE's last is {identity.LAST_VM_ID}", "lower `vm_id_start`"
            )


def _equal_windows(spec: Spec, machines: Mapping[str, Machine]) -> Iterator[Problem]:
    """Load balancers reboot themselves; Kubernetes machines never do, so their windows may be equal."""
    for one, other, start in maintenance.equal_starts(self_rebooting(machines)):
        message = f"the load balancers {one} and {other} would both reboot at {start}"
        yield at(
            spec,
            ("maintenance", "slots"),
            message,
            "add a slot or an offset: every load balancer needs its own window, and one that is gone keeps its until `runner lock forget`",
        )


def _at_any_time(spec: Spec, machines: Mapping[str, Machine]) -> Iterator[Problem]:
    """`instantly` knows no window."""
    names = [name for name, window in self_rebooting(machines) if window.strategy == "instantly"]
    if len(names) > 1:
        message = f"with `instantly`, the load balancers {' and '.join(names)} may reboot at the same time"
        yield at(spec, ("maintenance", "strategy"), message, "write maint-window; `instantly` is for one load balancer")


def self_rebooting(machines: Mapping[str, Machine]) -> list[tuple[str, Window]]:
    """(name, window) of the machines that reboot without being drained by anyone."""
    windows = [(name, machine.window) for name, machine in machines.items() if machine.role == "loadbalancer" and machine.window]
    return [(name, window) for name, window in windows if window.strategy != "off"]
