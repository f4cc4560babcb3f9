"""What exists as the engine's state says. Read only when the lock is gone, so that a new one does not move or lose a machine."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stardock.model.plan import Plan
from stardock.reading import MAX_STATE_BYTES, read_file

#: The provider's resource type of a VM.
VM = "proxmox_virtual_environment_vm"


@dataclass(frozen=True, slots=True)
class VmPlace:
    """Where a VM is."""

    pve_node: str
    vm_id: int

    def __str__(self) -> str:
        """As a message says it."""
        return f"VM {self.vm_id} on {self.pve_node}"


#: Name -> where it is.
ExistingVms = Mapping[str, VmPlace]


class EncryptedStateError(Exception):
    """The state is there, and only its engine can read it."""


def existing_vms(state: Path) -> dict[str, VmPlace]:
    """Give the VMs of a state file by name; none where it is missing, empty or cut short. Raises EncryptedStateError, InputErrors."""
    return existing_vms_in(read_state(state) or b"")


def read_state(state: Path) -> bytes | None:
    """A state file as it is; None where there is none. `InputErrors` where it cannot be read: nobody may take that for nothing."""
    cure = "the engine writes it: bring back its backup, which lies beside it"
    return read_file(state, what="the Terraform state", most=MAX_STATE_BYTES, cure=cure)


def existing_vms_in(text: bytes) -> dict[str, VmPlace]:
    """Give the VMs of a state (version 4, of tofu and terraform alike) by name. Raises EncryptedStateError (tofu's state encryption)."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(document, dict):
        return {}
    if "encrypted_data" in document:
        raise EncryptedStateError
    resources = document.get("resources") or ()
    return dict(_vm(resource) for resource in resources if resource.get("type") == VM and resource.get("instances"))


def _vm(resource: Mapping[str, Any]) -> tuple[str, VmPlace]:
    attributes = resource["instances"][0]["attributes"]
    return resource["name"], VmPlace(attributes["node_name"], attributes["vm_id"])


def moved(plan: Plan, vms: Mapping[str, VmPlace]) -> Iterator[str]:
    """Tell which of the VMs the plan would move or delete, each in words."""
    planned = {machine.name: VmPlace(machine.pve_node, machine.vm_id) for machine in plan.machines}
    for name, vm in vms.items():
        if name not in planned and name not in plan.removed:
            yield f"{name} would be deleted"
        elif name in planned and planned[name] != vm:
            yield f"{name} is {vm} and would be {planned[name]}"
