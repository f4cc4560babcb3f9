"""What is known of the VMs that exist, and who says so: Proxmox where it can be asked, else starbase's state, else nobody."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from stardock.errors import ConditionError
from stardock.estate.configs import Config, every_config
from stardock.estate.connection import Estate
from stardock.estate.hardware import macs_of, seed_interface
from stardock.estate.machines import EstateMachine, machines_on
from stardock.estate.token import VARIABLE
from stardock.importers.notes import Kind, Note
from stardock.importers.starbase.existing import ExistingVm, from_state
from stardock.importers.starbase.files import read_text
from stardock.importers.starbase.origin import Origin
from stardock.importers.starbase.take_over import Known
from stardock.model.settings import Proxmox
from stardock.reading import MAX_STATE_BYTES
from stardock.spec.cluster import Spec

#: Seconds for one answer of Proxmox.
ANSWER_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Told:
    """What exists; `source` says who told, `notes` why Proxmox did not."""

    known: Known
    source: str
    notes: tuple[Note, ...] = ()


def ask(origin: Origin, proxmox: Proxmox | None, state: Path | None, environ: Mapping[str, str] = os.environ) -> Told:
    """Ask Proxmox when its endpoint and a token are known; read starbase's state when that tells nothing."""
    found, notes = _asked(origin, proxmox) if proxmox is not None and environ.get(VARIABLE) else ({}, ())
    if found and proxmox is not None:
        return Told(found, f"{proxmox.endpoint} says so")
    return Told(from_state(read_text(state, most=MAX_STATE_BYTES)) if state else None, f"{state} says so", notes)


def api_of(origin: Origin, spec: Spec | None) -> Proxmox | None:
    """Where to ask: the API of a cluster.yaml that is there to stay, else starbase's; None where that names none."""
    if spec is not None:
        return Proxmox(endpoint=spec.proxmox.endpoint, nodes=(), insecure=spec.proxmox.insecure)
    access = origin.terraform.values.cloud_provider
    return Proxmox(endpoint=access.endpoint.rstrip("/"), nodes=(), insecure=access.insecure) if access.endpoint else None


def _asked(origin: Origin, proxmox: Proxmox) -> tuple[dict[str, ExistingVm], tuple[Note, ...]]:
    try:
        found = _on_proxmox(proxmox, {machine.full_name for machine in origin.machines})
    except ConditionError as error:
        return {}, (Note(Kind.TO_DO, f"Proxmox could not be asked what exists: {error.message}"),)
    nothing = f"{proxmox.endpoint} shows none of these VMs: do they exist, and may the token see them (VM.Audit)?"
    return found, () if found else (Note(Kind.TO_DO, nothing),)


def _on_proxmox(proxmox: Proxmox, names: Collection[str]) -> dict[str, ExistingVm]:
    """The VMs with these full names; ConditionError where one cannot be read: one that is passed over would be made a second time."""
    estate = Estate.from_environment(proxmox, seconds=ANSWER_SECONDS)
    estate.check()
    present = [vm for vm in machines_on(estate).values() if vm.name in names]
    configs = every_config(estate, present)
    return {vm.name: _existing(vm, configs[vm.vm_id]) for vm in present if vm.vm_id in configs}


def _existing(vm: EstateMachine, config: Config) -> ExistingVm:
    cicustom = ",".join(sorted(str(config.get("cicustom") or "").split(",")))
    return ExistingVm(
        full_name=vm.name,
        vm_id=vm.vm_id,
        pve_node=vm.pve_node,
        macs=macs_of(config),
        cicustom=cicustom,
        seed_interface=seed_interface(config),
    )
