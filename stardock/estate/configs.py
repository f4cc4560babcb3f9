"""The configuration of VMs as PVE keeps it: `GET nodes/N/qemu/ID/config`, many at once."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from stardock.estate.connection import Estate
from stardock.estate.machines import EstateMachine
from stardock.estate.questions import WORKERS, Question, ask
from stardock.estate.shapes import config

Config = dict[str, Any]


def configs_of(estate: Estate, machines: Iterable[EstateMachine]) -> dict[int, Config]:
    """Read the configurations, by VM id; a VM that vanished meanwhile, or may not be read, is left out."""
    with ThreadPoolExecutor(WORKERS) as pool:
        answers = ask(estate, pool, {machine.vm_id: config_of(machine) for machine in machines})
    return {vm_id: answer.value for vm_id, answer in answers.items() if not answer.refused}


def config_of(machine: EstateMachine) -> Question:
    """The question for one VM's configuration."""
    return lambda api: config(api.nodes(machine.pve_node).qemu(machine.vm_id).config.get())
