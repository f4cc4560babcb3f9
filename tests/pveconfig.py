"""What PVE keeps of a machine that was just deployed: as the emulated one answers after the real provider's apply."""

from __future__ import annotations

from typing import Any

from stardock.drift.files import image_volume, volumes
from stardock.drift.scene import Scene
from stardock.estate.machines import EstateMachine
from stardock.firstboot import documents
from stardock.model.labels import description, tags
from stardock.model.machine import ROLES, Machine
from stardock.model.plan import Plan

#: What the provider says of every disk.
_WRITTEN = "aio=io_uring,backup=1,cache=none,discard=on,iothread=1,replicate=1"


def config_of(cluster: str, machine: Machine) -> dict[str, Any]:
    """One VM's configuration."""
    own = volumes(cluster, machine)
    return {
        "name": machine.hostname,
        "cores": machine.cores,
        "sockets": 1,
        "cpu": f"cputype={machine.cpu_type}",
        "memory": str(machine.memory_mib),
        "balloon": machine.balloon_mib,
        "numa": 0,
        "machine": "q35",
        "bios": machine.firmware,
        "ostype": "l26",
        "scsihw": "virtio-scsi-single",
        "serial0": "socket",
        "agent": "enabled=1,fstrim_cloned_disks=0,type=virtio",
        "onboot": 1,
        "startup": f"order={ROLES.index(machine.role) + 1}",
        "scsi0": f"{machine.disk_datastore}:vm-{machine.vm_id}-disk-0,{_WRITTEN},size={machine.disk_gib}G,ssd=1",
        **_drives(machine),
        machine.seed_interface: f"{machine.disk_datastore}:vm-{machine.vm_id}-cloudinit,media=cdrom",
        "boot": "order=scsi0;net0",
        "cicustom": ",".join(f"{key}={value}" for key, value in own.items()),
        "net0": f"virtio={machine.interfaces[0].mac},bridge={machine.interfaces[0].bridge},firewall=0",
        "description": description(cluster, machine),
        "tags": ";".join(sorted(tags(cluster, machine))),
        "protection": 0,
        "meta": "creation-qemu=10.1.2,ctime=1700000000",
        "smbios1": "uuid=0c6f7b0a-0000-4000-8000-000000000000",
        "vmgenid": "0c6f7b0a-0000-4000-8000-000000000001",
        "digest": "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    }


def _drives(machine: Machine) -> dict[str, str]:
    """Beside the first disk."""
    own = f"{machine.disk_datastore}:vm-{machine.vm_id}-disk"
    found = {f"virtio{disk.slot}": f"{own}-{disk.slot},{_WRITTEN},serial={disk.name},size={disk.size_gib}G" for disk in machine.data_disks}
    if machine.firmware == "ovmf":
        found["efidisk0"] = f"{own}-20,efitype=4m,pre-enrolled-keys=0,size=4M"
    if machine.tpm:
        found["tpmstate0"] = f"{own}-21,size=4M,version=v2.0"
    return found


def deployed(plan: Plan) -> Scene:
    """All machines, first-boot files and images of a plan, as they are after a deploy."""
    sizes: dict[tuple[str, str], dict[str, int]] = {}
    for machine in plan.machines:
        written = documents(plan.cluster, machine)
        for kind, volume in volumes(plan.cluster, machine).items():
            sizes.setdefault((machine.pve_node, machine.snippet_datastore), {})[volume] = len(getattr(written, kind).encode())
        sizes.setdefault((machine.pve_node, machine.image.datastore), {})[image_volume(plan.cluster, machine)] = 1 << 29
    return Scene(
        plan=plan,
        machines={
            one.vm_id: EstateMachine(one.vm_id, one.hostname, one.pve_node, tags(plan.cluster, one), one.pve_pool or "")
            for one in plan.machines
        },
        configs={machine.vm_id: config_of(plan.cluster, machine) for machine in plan.machines},
        sizes=sizes,
    )
