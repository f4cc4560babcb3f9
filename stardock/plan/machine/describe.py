"""A wanted machine and its allocation -> the `Machine` that the right side reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stardock.distributions import distribution
from stardock.distributions.own_options import merged
from stardock.model.labels import TAG
from stardock.model.lock import Pin
from stardock.model.machine import SEED, Machine, User, Window
from stardock.model.settings import PveNode
from stardock.plan.allocation.allocate import Allocated
from stardock.plan.allocation.declared import Declared
from stardock.plan.allocation.hosts import allowed
from stardock.plan.machine import maintenance
from stardock.plan.machine.hardware import disk_datastore, hardware_of, said
from stardock.plan.machine.images import Pins, disk_image
from stardock.plan.machine.interfaces import interfaces
from stardock.plan.machine.setup import setup_of, users
from stardock.systems import system

if TYPE_CHECKING:  # pydantic takes a tenth of a second
    from stardock.spec.cluster import Spec


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What all machines of a cluster have in common, worked out once."""

    spec: Spec
    nodes: dict[str, PveNode]
    users: tuple[User, ...]
    cni: tuple[str, ...]
    windows: tuple[Window, ...]
    pins: Pins
    unconfined: frozenset[str]  # machines that exist, and run Kubernetes without its SELinux policy


def surroundings(spec: Spec, pins: Mapping[str, Pin], unconfined: frozenset[str]) -> Surroundings:
    """Work out what all machines share; `pins` are the lock's, and so are the names of `unconfined` machines."""
    times = spec.maintenance
    return Surroundings(
        spec=spec,
        nodes={node.name: node for node in pve_nodes(spec)},
        users=users(spec),
        cni=distribution(spec.distribution.name).network_plugins(spec.distribution.options),
        windows=maintenance.windows(times.slots, times.offsets, times.duration, times.strategy),
        pins=Pins(by_source=pins, shared=spec.proxmox.datastores.shared),
        unconfined=unconfined,
    )


def pve_nodes(spec: Spec) -> tuple[PveNode, ...]:
    """The PVE nodes in declared order, each with its datastores."""
    found = []
    for node in spec.proxmox.nodes:
        stores = spec.proxmox.datastores_of(node)
        found.append(
            PveNode(
                name=node.name,
                address=node.address,
                ssh_port=node.ssh_port,
                ssh_user=node.ssh_user,
                ssh_private_key=node.ssh_private_key,
                bridges=dict(sorted(node.bridges.items())),
                images=stores.images,
                snippets=stores.snippets,
                disks=stores.disks,
                memory_mib=node.memory,
                cores=node.cores,
                disk_gib=node.disk,
            )
        )
    return tuple(found)


def describe(around: Surroundings, declared: Declared, allocated: Allocated) -> Machine:
    """Put a machine together, as it would be if it were made now."""
    spec, own, pool = around.spec, declared.own, declared.pool
    # a missing one is told by stardock.plan.rules.allocated
    node = around.nodes.get(allocated.pve_node) or PveNode(name=allocated.pve_node)
    return Machine(
        name=declared.name,
        role=declared.role,
        pool=pool.name,
        pve_node=allocated.pve_node,
        vm_id=allocated.vm_id,
        hostname=own.hostname or declared.name,
        interfaces=interfaces(declared.interfaces, allocated.nics, common=spec.network, bridges=node.bridges),
        image=disk_image(spec.image_of(pool), node, around.pins),
        cores=own.cores or pool.cores,
        cpu_type=own.cpu or pool.cpu,
        memory_mib=own.memory or pool.memory,
        disk_gib=own.disk or pool.disk,
        disk_datastore=disk_datastore(declared, node),
        disk_interface=pool.disk_interface,
        seed_interface=SEED,
        snippet_datastore=node.snippets,
        options=merged(pool.options, own.options),
        labels=dict(sorted(pool.labels.items())),
        taints=pool.taints,
        tags=tuple(dict.fromkeys((TAG, spec.cluster, declared.role, *(said(declared, "tags") or ())))),
        timezone=spec.maintenance.timezone,
        window=maintenance.window_of(allocated.numbers.place, around.windows),
        protect=spec.protect,
        **(_defaults(spec, declared) | hardware_of(declared, node, allowed(declared, tuple(around.nodes)))),
        **setup_of(spec, declared, around.users, around.cni, around.unconfined),
    )


def _defaults(spec: Spec, declared: Declared) -> dict[str, Any]:
    """What the system's image starts under, where cluster.yaml says nothing."""
    own = system(spec.image_of(declared.pool).system)
    return {"firmware": own.firmware, "chipset": own.chipset}
