"""The things that a proof makes on Proxmox, as they are written into its journal before they are made; and what they need."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from stardock.model.file_names import DOCUMENTS, image_file, snippet_file
from stardock.model.labels import tags
from stardock.model.machine import Machine
from stardock.model.plan import PlacedImage, Plan
from stardock.model.settings import Proxmox


@dataclass(frozen=True, slots=True)
class Vm:
    """A VM, by everything that it is known by again."""

    vm_id: int
    name: str
    pve_node: str
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Volume:
    """A file on a datastore, by its volume id."""

    pve_node: str
    datastore: str
    volume: str
    what: Literal["image", "snippet"]


@dataclass(frozen=True, slots=True)
class Budget:
    """What Proxmox gives for it at one time. Memory in MiB, disks in GiB, EFI and cloud-init drives left out."""

    machines: int
    cores: int
    memory_mib: int
    disk_gib: int


def things(plan: Plan) -> tuple[Vm | Volume, ...]:
    """All that a deploy of this plan makes, in the order in which it is made."""
    images = [_image(plan.cluster, one) for one in plan.images]
    snippets = [one for machine in plan.machines for one in _snippets(plan.cluster, machine)]
    return (*dict.fromkeys((*images, *snippets)), *(_vm(plan.cluster, machine) for machine in plan.machines))


def _image(cluster: str, placed: PlacedImage) -> Volume:
    store = placed.image.datastore
    return Volume(placed.pve_node, store, f"{store}:import/{image_file(cluster, placed.image.file_name)}", "image")


def _snippets(cluster: str, machine: Machine) -> list[Volume]:
    store = machine.snippet_datastore
    names = [snippet_file(cluster, machine.name, document) for document in DOCUMENTS]
    return [Volume(machine.pve_node, store, f"{store}:snippets/{name}", "snippet") for name in names]


def _vm(cluster: str, machine: Machine) -> Vm:
    return Vm(machine.vm_id, machine.hostname, machine.pve_node, tuple(sorted(tags(cluster, machine))))


def datastores(proxmox: Proxmox) -> tuple[tuple[str, str], ...]:
    """Where anything of a proof may be: PVE node and datastore, each once."""
    return tuple(sorted({(node.name, store) for node in proxmox.nodes for store in (node.images, node.snippets, node.disks)}))


def most(budgets: Iterable[Budget]) -> Budget:
    """What is enough for each of them, one at a time."""
    every = [*budgets]
    return Budget(**{name: max(getattr(one, name) for one in every) for name in ("machines", "cores", "memory_mib", "disk_gib")})


def budget(plan: Plan) -> Budget:
    """What this plan's machines have together."""
    disks = [machine.disk_gib + sum(disk.size_gib for disk in machine.data_disks) for machine in plan.machines]
    return Budget(
        machines=len(plan.machines),
        cores=sum(machine.cores for machine in plan.machines),
        memory_mib=sum(machine.memory_mib for machine in plan.machines),
        disk_gib=sum(disks),
    )
