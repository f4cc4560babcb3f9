"""Rules of what a VM is made of: what PVE refuses only when the VM is made or started, told before anything is made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from stardock.errors import Problem
from stardock.model.machine import Machine
from stardock.plan.allocation.declared import Declared
from stardock.spec.places import at
from stardock.systems import system

if TYPE_CHECKING:  # pydantic takes a tenth of a second
    from stardock.spec.cluster import Keys, Spec

#: (the key that is wrong, what is wrong, what to do)
Fault = tuple[str, str, str]

#: Directories of MicroOS and Leap Micro that are subvolumes of their own.
WRITABLE = ("var", "srv", "home", "opt")

#: Size of a huge page in MiB. `any` takes the largest that fits, and 2 MiB fits every even size.
PAGES = {"any": 2, "2MiB": 2, "1GiB": 1024}


def hardware_problems(spec: Spec, every: Sequence[Declared], machines: Mapping[str, Machine]) -> list[Problem]:
    """All problems of the machines as they are wished; what a pool says is told once, of its first machine."""
    told: dict[tuple[Keys, str], Problem] = {}
    for declared in every:
        for rule in RULES:
            for key, message, cure in rule(machines[declared.name]):
                keys = declared.said_at(key)
                told.setdefault((keys, message), at(spec, keys, f"{declared.name}: {message}", cure))
    return list(told.values())


def cores_fit_the_sockets(machine: Machine) -> Iterator[Fault]:
    """PVE counts cores by the socket."""
    if machine.cores % machine.sockets:
        yield "sockets", f"{machine.cores} cores do not spread evenly over {machine.sockets} sockets", "write a divisor of `cores`"


def balloon_fits(machine: Machine) -> Iterator[Fault]:
    """PVE takes memory back down to the balloon's size; what is pinned cannot be taken back."""
    if machine.balloon_mib > machine.memory_mib:
        message = f"a balloon of {machine.balloon_mib}MiB is larger than the memory of {machine.memory_mib}MiB"
        yield "balloon", message, f"write {machine.memory_mib}MiB at most, or 0 for no balloon"
    for pins, what in ((machine.devices, "a PCI device"), (machine.hugepages, "huge pages")):
        if machine.balloon_mib and pins:
            yield "balloon", f"the memory of a machine with {what} is pinned, and a balloon takes none of it back", "write `balloon: 0`"


def hugepages_fit(machine: Machine) -> Iterator[Fault]:
    """PVE refuses the start otherwise (PVE::QemuServer::Memory)."""
    if machine.hugepages is None:
        return
    if not machine.numa:
        yield "hugepages", f"`hugepages: {machine.hugepages}` needs NUMA", "add `numa: true`"
    page, share = PAGES[machine.hugepages], machine.memory_mib / machine.sockets
    if share % page:
        of = f" on each of {machine.sockets} sockets" if machine.sockets > 1 else ""
        message = f"{machine.memory_mib}MiB of memory is no multiple of huge pages of {page}MiB{of}"
        yield "hugepages", message, f"write a multiple of {page * machine.sockets}MiB as `memory`"


def ssd_needs_scsi(machine: Machine) -> Iterator[Fault]:
    """PVE's format of a virtio drive has no such flag (PVE::QemuServer::Drive)."""
    if machine.disk_options.ssd and machine.disk_interface.startswith("virtio"):
        yield "disk_options", f"the disk is on {machine.disk_interface}, for which PVE has no `ssd`", "delete `ssd`"


def data_disks_are_apart(machine: Machine) -> Iterator[Fault]:
    """Each its own name, each its own mount point."""
    for name in _twice(disk.name for disk in machine.data_disks):
        yield "data_disks", f"two data disks are named `{name}`", "give one of them another name"
    for mount in _twice(disk.mount for disk in machine.data_disks if disk.mount):
        yield "data_disks", f"two data disks are mounted at `{mount}`", "give one of them another mount point"


def mount_points_can_be_made(machine: Machine) -> Iterator[Fault]:
    """Systemd makes the directory, and cannot where the root file system is a read-only snapshot."""
    own = system(machine.image.system)
    if own.package_manager != "transactional-update":
        return
    for mount in (disk.mount for disk in machine.data_disks if disk.mount):
        if mount.split("/")[1] not in WRITABLE:
            message = f"{own.title}'s root is read-only: the mount point `{mount}` cannot be made there"
            yield "data_disks", message, f"write one below /{', /'.join(WRITABLE)}"


def _twice(values: Iterator[str]) -> list[str]:
    return [value for value, times in Counter(values).items() if times > 1]


def devices_fit(machine: Machine) -> Iterator[Fault]:
    """PCI Express is q35's alone; a VM has one primary graphics card."""
    for device in machine.devices:
        if device.pcie and machine.chipset != "q35":
            message = f"the device {device.mapping} wants PCI Express, which the chipset {machine.chipset} lacks"
            yield "devices", message, "write `chipset: q35`, or `pcie: false`"
    primary = [device.mapping for device in machine.devices if device.primary_gpu]
    if len(primary) > 1:
        yield "devices", f"{len(primary)} devices are the primary graphics card: {', '.join(primary)}", "leave one of them"


def usb_devices_are_apart(machine: Machine) -> Iterator[Fault]:
    """A device is one: PVE finds it by its id or port, and QEMU takes it once."""
    for name in _twice(usb.mapping for usb in machine.usb):
        yield "usb", f"the USB device {name} is there twice", "delete one"


def addresses_need_an_agent(machine: Machine) -> Iterator[Fault]:
    """An address by DHCP is read through the guest agent."""
    if not machine.agent.enabled and machine.address is None:
        message = "without a guest agent nobody tells the address that DHCP gives it"
        yield "agent", message, "give the first interface a static address, or enable the agent"


RULES: tuple[Callable[[Machine], Iterator[Fault]], ...] = (
    cores_fit_the_sockets,
    balloon_fits,
    hugepages_fit,
    ssd_needs_scsi,
    data_disks_are_apart,
    mount_points_can_be_made,
    devices_fit,
    usb_devices_are_apart,
    addresses_need_an_agent,
)
