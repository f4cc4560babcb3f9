"""Which machines Proxmox holds. Ours carry the tags `stardock` and the cluster's name from the request that creates them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from proxmoxer.core import ResourceException

from stardock.errors import ConditionError
from stardock.estate.connection import Estate
from stardock.estate.shapes import config, resources
from stardock.model.labels import TAG

#: PVE's word for a VM that is not on that PVE node (PVE::QemuConfig::load_config).
GONE = "does not exist"


@dataclass(frozen=True, slots=True)
class EstateMachine:
    """A VM as `GET /cluster/resources?type=vm` lists it. `pve_node` is where it is now, which HA may have changed.

    Whether it runs is not here: that list's status is old (`stardock.estate.power`).
    """

    vm_id: int
    name: str
    pve_node: str
    tags: frozenset[str]
    pool: str = ""

    def belongs_to(self, cluster: str) -> bool:
        """Whether Stardock made it for this cluster."""
        return {TAG, cluster} <= self.tags


def machines_on(estate: Estate) -> dict[int, EstateMachine]:
    """List every VM that the token may see, by VM id. Raises ConditionError when Proxmox does not answer or refuses."""
    return estate.insist(lambda api: _machines(resources(api.cluster.resources.get(type="vm"))))


def _machines(listed: Iterable[dict[str, Any]]) -> dict[int, EstateMachine]:
    return {int(item["vmid"]): _machine(item) for item in listed if item.get("type", "qemu") == "qemu"}


def _machine(item: dict[str, Any]) -> EstateMachine:
    # PVE joins tags by semicolons and takes commas and spaces as well (PVE::Tools::split_list).
    tags = frozenset(tag for tag in re.split(r"[;, ]+", str(item.get("tags") or "")) if tag)
    return EstateMachine(int(item["vmid"]), str(item.get("name") or ""), str(item["node"]), tags, str(item.get("pool") or ""))


def named(estate: Estate, machine: EstateMachine) -> EstateMachine:
    """With its name: the list has it from pvestatd, and lacks it where that is late or hangs (PVE::API2Tools, `extract_vm_stats`)."""
    if machine.name:
        return machine
    try:
        found = estate.read(lambda api: config(api.nodes(machine.pve_node).qemu(machine.vm_id).config.get()))
    except ResourceException:
        return machine
    return replace(machine, name=str(found.get("name") or ""))


def is_gone(estate: Estate, pve_node: str, vm_id: int) -> bool:
    """Whether Proxmox itself says that the VM does not exist: a list alone may lack it because the token may not see it.

    Raises ConditionError when the token may not ask.
    """
    try:
        estate.read(lambda api: api.nodes(pve_node).qemu(vm_id).config.get())
    except ResourceException as error:
        if GONE in str(error):
            return True
        raise ConditionError(f"{pve_node} does not say whether VM {vm_id} exists: {error}", cure="is the PVE node up?") from error
    return False


def locked_for(estate: Estate, machines: Iterable[EstateMachine]) -> dict[int, str]:
    """Give the lock of each VM that PVE holds one on (`create`, `clone`, `disk`, ...), by VM id."""
    locks = {machine.vm_id: _lock(estate, machine) for machine in machines}
    return {vm_id: lock for vm_id, lock in locks.items() if lock}


def _lock(estate: Estate, machine: EstateMachine) -> str:
    try:
        found = estate.read(lambda api: config(api.nodes(machine.pve_node).qemu(machine.vm_id).config.get()))
    except ResourceException:
        return ""  # it vanished while it was asked: a failed creation takes its VM away
    return str(found.get("lock") or "")
