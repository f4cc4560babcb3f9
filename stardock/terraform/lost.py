"""Machines of ours that Proxmox holds and the engine's state does not: a run was killed after PVE took the order.

They come back by import instead of being made twice. So do machines that another tool made and `runner import` put into the lock.
PVE writes a VM's configuration with `lock: create` before it copies the disk, and
name and tags only at the end (PVE::API2::Qemu::create_vm), so a creation under way is waited for.
"""

from __future__ import annotations

import time
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass

from stardock.errors import ConditionError
from stardock.estate.agent import addresses_of
from stardock.estate.configs import every_config
from stardock.estate.connection import Estate
from stardock.estate.hardware import macs_of
from stardock.estate.machines import EstateMachine, locked_for, machines_on
from stardock.estate.power import powers_of
from stardock.estate.reasons import Kind, Reason
from stardock.model.machine import Machine
from stardock.step import Say

#: Seconds for PVE to finish a creation whose order came from a killed run: copying an image of some GiB.
CREATION_SECONDS = 300.0
POLL_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Sorted:
    """Where each machine that the engine wants to create is: `adopt` is name -> `PVE node/VM id`, `taken` name -> whose VM it is."""

    adopt: Mapping[str, str]
    taken: Mapping[str, EstateMachine]


def find_lost(estate: Estate, cluster: str, wanted: Sequence[Machine], say: Say, seconds: float = CREATION_SECONDS) -> dict[str, str]:
    """Find those of the machines to create that exist already: name -> `PVE node/VM id`, as an import wants it.

    Raises ConditionError when a VM id is taken by a stranger, or a creation does not end.
    """
    present = settled(estate, wanted, say, seconds)
    sorted_ = sort_present(cluster, wanted, present, imported(estate, wanted, present))
    if sorted_.taken:
        raise _taken(sorted_.taken, wanted)
    return dict(sorted_.adopt)


def imported(estate: Estate, wanted: Iterable[Machine], present: Mapping[int, EstateMachine]) -> frozenset[str]:
    """Name the machines whose VM another tool made and the lock took over: it has their full name and all their MACs, and no tags yet."""
    named = [one for one in wanted if one.cicustom is not None and one.vm_id in present and present[one.vm_id].name == one.hostname]
    configs = every_config(estate, (present[machine.vm_id] for machine in named))
    return frozenset(one.name for one in named if macs_of(configs.get(one.vm_id, {})) == tuple(nic.mac for nic in one.interfaces))


def sort_present(
    cluster: str, wanted: Iterable[Machine], present: Mapping[int, EstateMachine], imported: frozenset[str] = frozenset()
) -> Sorted:
    """Tell ours from strangers among the VMs that hold the wanted ids; `imported` are names that are ours without tags."""
    there = {machine.name: present[machine.vm_id] for machine in wanted if machine.vm_id in present}
    ours = {name: vm for name, vm in there.items() if vm.belongs_to(cluster) or name in imported}
    adopt = {name: f"{vm.pve_node}/{vm.vm_id}" for name, vm in ours.items()}
    return Sorted(adopt, {name: vm for name, vm in there.items() if name not in ours})


def settled(estate: Estate, wanted: Sequence[Machine], say: Say, seconds: float = CREATION_SECONDS) -> dict[int, EstateMachine]:
    """List the VMs that hold the wanted ids once PVE makes none of them any more. Raises ConditionError after the deadline."""
    ids, deadline = {machine.vm_id for machine in wanted}, time.monotonic() + seconds
    told: dict[int, str] = {}
    while True:
        present = {vm_id: vm for vm_id, vm in machines_on(estate).items() if vm_id in ids}
        locks = {vm_id: lock for vm_id, lock in locked_for(estate, present.values()).items() if lock == "create"}
        if not locks:
            return present
        if time.monotonic() > deadline:
            raise _stuck(present, locks)
        told = _tell(locks, told, say)
        time.sleep(POLL_SECONDS)


def _tell(locks: dict[int, str], told: dict[int, str], say: Say) -> dict[int, str]:
    if locks != told:
        say(f"  waiting for Proxmox: it still makes VM {', '.join(map(str, locks))}")
    return locks


def _stuck(present: Mapping[int, EstateMachine], locks: Mapping[int, str]) -> ConditionError:
    vm_id = next(iter(locks))
    cure = f"look at its task on {present[vm_id].pve_node}; when none runs: qm unlock {vm_id} && qm destroy {vm_id}"
    return ConditionError(f"Proxmox does not finish making VM {', '.join(map(str, locks))} (lock: create)", cure=cure)


def _taken(taken: Mapping[str, EstateMachine], wanted: Iterable[Machine]) -> ConditionError:
    ids = {machine.name: machine.vm_id for machine in wanted}
    lines = (f"VM id {ids[name]} of {name} is taken by {vm.name or 'a VM'} on {vm.pve_node}, not ours" for name, vm in taken.items())
    names = list(taken)
    another = any(machine.name in taken and machine.cicustom is not None for machine in wanted)
    return ConditionError("\n".join(lines), cure=_NOT_AS_IMPORTED if another else _another_id(names))


def _another_id(names: Sequence[str]) -> str:
    accepted = ", ".join(f"`runner lock accept {name}`" for name in names)
    return f"give {' and '.join(names)} another `vm_id` in cluster.yaml, then {accepted} and the same command again"


_NOT_AS_IMPORTED = "its name or its MACs are not those that the import wrote into the lock: import again with --lock-only --overwrite"


def await_agents(estate: Estate, adopt: Iterable[str], say: Say, seconds: float) -> None:
    """Wait until each running machine's guest agent answers, for what is then imported (`PVE node/VM id`).

    The provider's import of a running VM that has an agent's channel waits up to 15 min for addresses, without a word and whatever the
    JSON says; only a 403 it takes for an answer (0.111.1, WaitForNetworkInterfacesFromVMAgent). Raises ConditionError that names the
    silent ones, at once where waiting cannot help.
    """
    ids = {int(place.rpartition("/")[2]) for place in adopt}
    deadline, told = time.monotonic() + seconds, False
    while silent := _silent(estate, ids):
        names = ", ".join(f"{vm.name} (VM {vm.vm_id} on {vm.pve_node})" for vm, _ in silent)
        if time.monotonic() > deadline or any(reason.patience == 0 for _, reason in silent):
            reasons = "\n".join(f"  {vm.name}: {reason.words}" for vm, reason in silent)
            cures = dict.fromkeys(reason.cure for _, reason in silent if reason.kind is not Kind.SILENT and reason.cure)
            raise ConditionError(f"an import waits for the guest agent of {names}:\n{reasons}", cure="\n".join([*cures, _SILENT]))
        if not told:
            say(f"  waiting up to {seconds:g} s for the guest agent of {names}")
            told = True
        time.sleep(POLL_SECONDS)


_SILENT = "start qemu-guest-agent on it, or stop the VM (a stopped one is not asked) and run the command again: it is started then"


def _silent(estate: Estate, ids: Container[int]) -> list[tuple[EstateMachine, Reason]]:
    """Those of the running VMs with a channel for an agent that do not tell their interfaces, and why; by VM id."""
    present = [vm for vm_id, vm in sorted(machines_on(estate).items()) if vm_id in ids]
    powers = powers_of(estate, present)
    asked = [vm for vm in present if vm.vm_id in powers and powers[vm.vm_id].running and powers[vm.vm_id].agent]
    reasons = [(vm, addresses_of(estate, vm).reason) for vm in asked]
    return [(vm, reason) for vm, reason in reasons if reason is not None and reason.kind is not Kind.FORBIDDEN]


def strays(cluster: str, present: Mapping[int, EstateMachine], known: Iterable[Machine]) -> tuple[EstateMachine, ...]:
    """List the VMs that carry this cluster's tags although no machine of it has their id."""
    ids = {machine.vm_id for machine in known}
    return tuple(vm for vm_id, vm in sorted(present.items()) if vm.belongs_to(cluster) and vm_id not in ids)
