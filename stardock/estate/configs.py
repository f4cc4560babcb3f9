"""The configuration of VMs as PVE keeps it: `GET nodes/N/qemu/ID/config`, many at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from proxmoxer.core import ResourceException

from stardock.errors import ConditionError
from stardock.estate.answers import shown
from stardock.estate.connection import Estate
from stardock.estate.machines import GONE, EstateMachine
from stardock.estate.questions import WORKERS, Question, ask
from stardock.estate.shapes import config

Config = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Configs:
    """By VM id: what was read, and in Proxmox's words why another was not."""

    found: Mapping[int, Config]
    refused: Mapping[int, str]


def configs_of(estate: Estate, machines: Iterable[EstateMachine]) -> Configs:
    """Read the configurations, each or why not: PVE has them of the VM's own node, which may be off."""
    with ThreadPoolExecutor(WORKERS) as pool:
        answers = ask(estate, pool, {machine.vm_id: config_of(machine) for machine in machines})
    found = {vm_id: answer.value for vm_id, answer in answers.items() if not answer.refused}
    return Configs(found, {vm_id: answer.refused for vm_id, answer in answers.items() if answer.refused})


def every_config(estate: Estate, machines: Iterable[EstateMachine]) -> Mapping[int, Config]:
    """The same for who must know all of them; one that vanished meanwhile is left out. ConditionError for what cannot be read."""
    asked = list(machines)
    configs = configs_of(estate, asked)
    unread = [vm for vm in asked if GONE not in configs.refused.get(vm.vm_id, GONE)]
    if unread:
        lines = "\n".join(f"  VM {vm.vm_id} on {vm.pve_node}: {configs.refused[vm.vm_id]}" for vm in unread)
        raise ConditionError(f"Proxmox does not say how these are configured:\n{lines}", cure=UNREAD_CURE)
    return configs.found


#: What helps where a PVE node or a privilege is in the way.
UNREAD_CURE = "is the PVE node on, and has the Proxmox cluster quorum (pvecm status)? Which privileges are missing: runner doctor"


def config_of(machine: EstateMachine) -> Question:
    """The question for one VM's configuration."""
    return lambda api: config(api.nodes(machine.pve_node).qemu(machine.vm_id).config.get())


def change_config(estate: Estate, machine: EstateMachine, options: Mapping[str, str | int]) -> None:
    """Set options of a VM, as a person does in Proxmox behind Stardock's back; `delete` names those to take out. Raises ConditionError."""
    try:
        estate.read(lambda api: api.nodes(machine.pve_node).qemu(machine.vm_id).config.put(**options))
    except ResourceException as error:
        said = shown(error.content or error.status_message or error.status_code)
        raise ConditionError(f"Proxmox did not change VM {machine.vm_id}: {said}") from error
