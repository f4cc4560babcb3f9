"""Which of starbase's VMs exist: from its Terraform state, or as Proxmox says. Only these know the MACs, which PVE made up."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

VM = "proxmox_virtual_environment_vm"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExistingVm:
    """One VM that exists. `macs` in the order of its NICs, upper case; `cicustom` as PVE keeps it, `seed_interface` is the slot of
    its cloud-init drive; None where the source does not say.
    """

    full_name: str
    vm_id: int
    pve_node: str
    macs: tuple[str, ...]
    cicustom: str | None = None
    seed_interface: str | None = None


def from_state(text: str) -> dict[str, ExistingVm] | None:
    """The VMs of a Terraform state (version 4) by their full name; None when it is none, or has no VM."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    resources = document.get("resources") if isinstance(document, dict) else None
    found = {vm.full_name: vm for resource in resources or () if resource.get("type") == VM for vm in _vms(resource)}
    return found or None


def _vms(resource: Mapping[str, Any]) -> Iterator[ExistingVm]:
    for instance in resource.get("instances") or ():
        attributes = instance["attributes"]
        macs = tuple(str(nic.get("mac_address") or "").upper() for nic in attributes.get("network_device") or ())
        seed = next((str(one.get("interface") or "") for one in attributes.get("initialization") or ()), "")
        yield ExistingVm(
            full_name=attributes["name"],
            vm_id=attributes["vm_id"],
            pve_node=attributes["node_name"],
            macs=macs,
            seed_interface=seed or None,
        )
