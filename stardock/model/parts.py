"""What a VM is made of, beside numbers: disks, devices, and how PVE starts, asks and moves it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

#: PVE's word for a limit of a disk -> the provider's (0.111.1).
PROVIDERS_LIMITS = {
    "mbps_rd": "read",
    "mbps_rd_max": "read_burstable",
    "mbps_wr": "write",
    "mbps_wr_max": "write_burstable",
    "iops_rd": "iops_read",
    "iops_rd_max": "iops_read_burstable",
    "iops_wr": "iops_write",
    "iops_wr_max": "iops_write_burstable",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageProxy:
    """Through what a machine's package manager reaches its repositories: URLs without passwords. `no_proxy` is reached directly."""

    http: str
    https: str
    no_proxy: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskOptions:
    """How PVE and QEMU treat a disk. `limits` are in PVE's words: mbps_rd, iops_wr_max. `ssd` None: as the disk's controller can."""

    aio: str = "io_uring"
    backup: bool = True
    cache: str = "none"
    discard: bool = True
    iothread: bool = True
    replicate: bool = True
    ssd: bool | None = None
    limits: Mapping[str, int] = field(default_factory=dict)

    def has_ssd(self, interface: str) -> bool:
        """Whether the disk is shown as an SSD: PVE knows that of SCSI, and not of virtio."""
        return self.ssd is not False and not interface.startswith("virtio")


@dataclass(frozen=True, slots=True, kw_only=True)
class DataDisk:
    """A disk beside the first: PVE's `virtio<slot>`, in the guest /dev/disk/by-id/virtio-<name>. Size in GiB; no `mount`: left as it is."""

    name: str  # also the disk's serial
    size_gib: int
    datastore: str
    slot: int  # 1 to 15, never another for the same name
    mount: str | None = None
    filesystem: str = "ext4"
    options: DiskOptions = field(default_factory=DiskOptions)

    @property
    def path(self) -> str:
        """Where the guest finds it, in whatever order the kernel found its disks."""
        return f"/dev/disk/by-id/virtio-{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A PCI device of the PVE node, by resource mapping. `pcie` None: as the chipset can; `mdev`: a mediated device's type."""

    mapping: str
    pcie: bool | None = None
    mdev: str | None = None
    primary_gpu: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Usb:
    """A USB device of the PVE node, by resource mapping."""

    mapping: str
    usb3: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Startup:
    """Place among the VMs of a PVE node: lower starts first and stops last. Delays in seconds, None: PVE's own."""

    order: int
    up_delay: int | None = None
    down_delay: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """The QEMU guest agent."""

    enabled: bool = True
    timeout_minutes: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Ha:
    """PVE's HA manager restarts the VM, on another of these PVE nodes if need be: so often here, so often elsewhere."""

    max_restart: int = 1
    max_relocate: int = 1
    nodes: tuple[str, ...] = ()  # in declared order; each has the snippets, or they lie on a shared datastore
