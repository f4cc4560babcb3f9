"""The lock of an imported cluster: what planning gives these names, with what the VMs that exist already have in its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from stardock.importers.notes import Kind, Note
from stardock.importers.starbase.existing import ExistingVm
from stardock.importers.starbase.machines import StarbaseVm
from stardock.importers.starbase.origin import Origin
from stardock.model.lock import Lock, LockedMachine
from stardock.model.machine import FORMER_SEED, Interface

#: The VMs that exist, by full name; None: nobody said, so that all are taken to exist as starbase's variables have them.
Known = Mapping[str, ExistingVm] | None


def take_over(lock: Lock, origin: Origin, known: Known) -> Lock:
    """Put into a new lock what the machines that exist have; one that does not exist is left as planned, to be made."""
    by_name = {machine.full_name: machine for machine in origin.machines}
    machines = {
        name: _taken(machine, by_name[machine.record.hostname], origin, known) if machine.record.hostname in by_name else machine
        for name, machine in lock.machines.items()
    }
    vrid = origin.ansible.values.keepalived.virtual_router_id if lock.vrid is not None else None
    return replace(lock, machines=machines, vrid=vrid)


def _taken(machine: LockedMachine, vm: StarbaseVm, origin: Origin, known: Known) -> LockedMachine:
    existing = known.get(vm.full_name) if known is not None else None
    if known is not None and existing is None:
        return machine
    terraform, record = origin.terraform.values, machine.record
    record = replace(
        record,
        vm_id=existing.vm_id if existing else vm.vm_id,
        pve_node=existing.pve_node if existing else vm.pve_node,
        interfaces=tuple(_nics(record.interfaces, vm, existing)),
        seed_interface=(existing.seed_interface if existing else None) or FORMER_SEED,  # the provider's default, which starbase leaves
        disk_datastore=terraform.hardware_of(vm.role).disk_datastore,
        cicustom=(existing.cicustom if existing else None) or vm.cicustom(terraform.cloud_init_config.datastore_id),
    )
    return replace(machine, record=record)


def _nics(interfaces: tuple[Interface, ...], vm: StarbaseVm, existing: ExistingVm | None) -> Iterator[Interface]:
    for position, nic in enumerate(interfaces):
        mac = existing.macs[position] if existing and position < len(existing.macs) and existing.macs[position] else nic.mac
        yield replace(nic, mac=mac, address=vm.addresses.get(nic.name, nic.address) if nic.address else None)


def surprises(origin: Origin, known: Known, source: str) -> Iterator[Note]:
    """Where what exists is not what starbase's variables say; `source` says who told."""
    if known is None:
        message = (
            "the MACs of the VMs are not known: Proxmox made them up. With PROXMOX_VE_API_TOKEN set, or starbase's terraform.tfstate there,"
            " run the import again with --lock-only --overwrite; `runner deploy` takes over no VM before"
        )
        yield Note(Kind.TO_DO, message)
        return
    for vm in origin.machines:
        existing = known.get(vm.full_name)
        if existing is None:
            yield Note(
                Kind.OTHERWISE, f"{vm.full_name} does not exist ({source}, unless the token may not see it): the first deploy makes it"
            )
        elif (existing.vm_id, existing.pve_node) != (vm.vm_id, vm.pve_node):
            was = f"starbase's variables say VM {vm.vm_id} on {vm.pve_node}"
            yield Note(Kind.OTHERWISE, f"{vm.full_name} is VM {existing.vm_id} on {existing.pve_node} ({source}) and stays so; {was}")
    for name in sorted(set(known) - {vm.full_name for vm in origin.machines}):
        yield Note(Kind.OTHERWISE, f"{name} exists ({source}) and is not in starbase's variables; unmanaged")


def pve_nodes_of(known: Known) -> tuple[str, ...]:
    """The PVE nodes that carry VMs, each once."""
    return tuple(dict.fromkeys(vm.pve_node for vm in known.values())) if known else ()
