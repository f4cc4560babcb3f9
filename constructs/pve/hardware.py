"""What a VM is made of, beside network and first boot: props, and the blocks of the provider that they become."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from imports.proxmox import virtual_environment_vm as vm

from pve.template import Template

#: The provider's words for the size of huge pages, which are PVE's: 2 and 1024 are MiB.
HUGEPAGES = {"any": "any", "2MiB": "2", "1GiB": "1024"}


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskLimitsProps:
    """What a disk may take at most, in MB/s and operations/s, by the provider's names; 0: no limit."""

    read: int = 0
    read_burstable: int = 0
    write: int = 0
    write_burstable: int = 0
    iops_read: int = 0
    iops_read_burstable: int = 0
    iops_write: int = 0
    iops_write_burstable: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskOptionsProps:
    """How PVE and QEMU treat a disk."""

    aio: Template
    cache: Template
    backup: bool
    discard: bool
    iothread: bool
    replicate: bool
    ssd: bool
    limits: DiskLimitsProps

    @property
    def keywords(self) -> dict[str, Any]:
        """As the provider's block of a disk takes them."""
        limited = self.limits != DiskLimitsProps()
        speed = vm.VirtualEnvironmentVmDiskSpeed(**asdict(self.limits)) if limited else None
        switches = {"backup": self.backup, "iothread": self.iothread, "replicate": self.replicate, "ssd": self.ssd}
        return {"aio": self.aio, "cache": self.cache, "discard": "on" if self.discard else "ignore", "speed": speed, **switches}


@dataclass(frozen=True, slots=True, kw_only=True)
class DataDiskProps:
    """A disk beside the first, at `virtio<slot>`. `serial` is how the guest finds it; size in GiB."""

    slot: int
    serial: Template
    size_gib: int
    datastore: Template
    options: DiskOptionsProps


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceProps:
    """A PCI device by the name of a resource mapping; `mdev` is the type of a mediated device."""

    mapping: Template
    pcie: bool
    mdev: Template | None = None
    primary_gpu: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UsbProps:
    """A USB device by the name of a resource mapping."""

    mapping: Template
    usb3: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HardwareProps:
    """The VM itself. Memory and balloon in MiB (balloon 0: none), disks in GiB, delays in seconds; `cores` are those of all sockets."""

    cores: int
    sockets: int
    cpu_type: Template
    numa: bool
    memory_mib: int
    balloon_mib: int
    hugepages: Template | None
    disk_gib: int
    disk_datastore: Template
    disk_interface: Template
    disk_options: DiskOptionsProps
    seed_interface: Template  # of the cloud-init drive
    data_disks: Sequence[DataDiskProps]
    devices: Sequence[DeviceProps]
    usb: Sequence[UsbProps]
    firmware: Template
    chipset: Template
    tpm: bool
    serial: bool


def cpu(props: HardwareProps) -> vm.VirtualEnvironmentVmCpu:
    """PVE counts cores by the socket."""
    return vm.VirtualEnvironmentVmCpu(cores=props.cores // props.sockets, sockets=props.sockets, type=props.cpu_type, numa=props.numa)


def memory(props: HardwareProps) -> vm.VirtualEnvironmentVmMemory:
    """Give the balloon explicitly: PVE's default would be one as large as the memory."""
    pages = HUGEPAGES[props.hugepages] if props.hugepages else None
    return vm.VirtualEnvironmentVmMemory(dedicated=props.memory_mib, floating=props.balloon_mib, hugepages=pages)


def disks(props: HardwareProps, image: Template) -> list[vm.VirtualEnvironmentVmDisk]:
    """The first disk, imported from `image`, then the others by slot: the provider keeps the order it is given."""
    first = vm.VirtualEnvironmentVmDisk(
        interface=props.disk_interface,
        datastore_id=props.disk_datastore,
        size=props.disk_gib,
        import_from_attribute=image,
        **props.disk_options.keywords,
    )
    return [first, *(_data_disk(disk) for disk in sorted(props.data_disks, key=lambda disk: disk.slot))]


def _data_disk(disk: DataDiskProps) -> vm.VirtualEnvironmentVmDisk:
    """On virtio-blk, whose serial every distribution shows as /dev/disk/by-id/virtio-SERIAL; names of SCSI disks differ among them."""
    return vm.VirtualEnvironmentVmDisk(
        interface=f"virtio{disk.slot}",
        serial=disk.serial,
        datastore_id=disk.datastore,
        size=disk.size_gib,
        **disk.options.keywords,
    )


def devices(props: HardwareProps) -> list[vm.VirtualEnvironmentVmHostpci]:
    """In the order in which the provider reads them back: hostpci10 before hostpci2."""
    named = {f"hostpci{index}": device for index, device in enumerate(props.devices)}
    return [_device(name, named[name]) for name in sorted(named)]


def _device(name: str, device: DeviceProps) -> vm.VirtualEnvironmentVmHostpci:
    return vm.VirtualEnvironmentVmHostpci(
        device=name,
        mapping=device.mapping,
        pcie=device.pcie,
        rombar=True,  # PVE's default, which the provider would turn off
        mdev=device.mdev,
        xvga=device.primary_gpu,
    )


def usb(props: HardwareProps) -> list[vm.VirtualEnvironmentVmUsb]:
    """In order: the n-th is usb<n>."""
    return [vm.VirtualEnvironmentVmUsb(mapping=one.mapping, usb3=one.usb3) for one in props.usb]


def efi_disk(props: HardwareProps) -> vm.VirtualEnvironmentVmEfiDisk | None:
    """Where UEFI keeps its boot entries; without keys of Secure Boot, which not every cloud image is signed for."""
    if props.firmware != "ovmf":
        return None
    return vm.VirtualEnvironmentVmEfiDisk(datastore_id=props.disk_datastore, type="4m", pre_enrolled_keys=False)


def tpm_state(props: HardwareProps) -> vm.VirtualEnvironmentVmTpmState | None:
    """A TPM 2.0, software on the PVE node."""
    return vm.VirtualEnvironmentVmTpmState(datastore_id=props.disk_datastore, version="v2.0") if props.tpm else None


def serial_devices(props: HardwareProps) -> list[vm.VirtualEnvironmentVmSerialDevice]:
    """Cloud kernels log there, and some hang without."""
    return [vm.VirtualEnvironmentVmSerialDevice()] if props.serial else []
