"""What pools and single machines may say of the VM itself: a machine's own word goes before its pool's, that before the default."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from stardock.spec.disks import DiskFlags
from stardock.spec.jumps import JumpHost
from stardock.spec.mesh import SiteName
from stardock.spec.mistakes import sizes
from stardock.spec.pve_names import Datastore
from stardock.spec.section import Section, broken
from stardock.spec.units import Count, Flag, Form, Gibibytes, Minutes, between, parse_mib, shown

#: What PVE and its provider take at most: hostpci0 to hostpci15, virtio0 to virtio15 (0 stays free), startup delays
#: of an hour; of USB the provider (0.111.1) takes usb0 to usb3.
MAX_DEVICES = 16
MAX_DATA_DISKS = 15
MAX_USB = 4
MAX_DELAY = 3600
MAX_ORDER = 1_000_000
MAX_TRIES = 10
_MAX_SOCKETS = 4
#: PVE's limit of a description, in characters.
_MAX_DESCRIPTION = 8192
#: The guest finds a disk by its serial, which virtio cuts at 20 bytes.
_MAX_SERIAL = 20

#: Directories that belong to the operating system: a disk mounted there would hide it.
_SYSTEM_DIRECTORIES = ("bin", "boot", "dev", "etc", "lib", "lib64", "proc", "root", "run", "sbin", "sys", "tmp", "usr")
_MOUNT = re.compile(r"(/[A-Za-z0-9][A-Za-z0-9_.-]*)+")


def parse_balloon(value: object) -> int:
    """`2GiB`, or 0 for none."""
    if value == 0 and not isinstance(value, bool):
        return 0
    return parse_mib(value, sizes.balloon)


def parse_mount(value: object) -> str:
    """An absolute path that is no directory of the operating system."""
    if not isinstance(value, str) or not _MOUNT.fullmatch(value) or ".." in value.split("/"):
        raise broken(f"{shown(value)} is not a mount point", "write an absolute path without / at its end, for example /var/lib/longhorn")
    top, _, below = value[1:].partition("/")
    if top in _SYSTEM_DIRECTORIES or (top == "var" and not below) or value == "/var/lib":
        raise broken(f"{shown(value)} belongs to the operating system", "write for example /var/lib/longhorn or /srv/data")
    return value


def parse_description(value: object) -> str:
    """Text without blank space around it: PVE drops it, and the provider would see a change at every plan."""
    if not isinstance(value, str):
        raise broken(f"{shown(value)} is not text", f'put it in quotes: "{value}"')
    if len(value) > _MAX_DESCRIPTION:
        raise broken(f"the description has {len(value)} characters; PVE takes {_MAX_DESCRIPTION}", "shorten it")
    return value.strip()


def at_most(most: int, what: str) -> AfterValidator:
    """No more items than PVE has slots for."""

    def check(value: tuple[Any, ...]) -> tuple[Any, ...]:
        if len(value) > most:
            raise broken(f"{len(value)} {what}; a VM has room for {most}", f"delete {len(value) - most}")
        return value

    return AfterValidator(check)


Balloon = Annotated[int, BeforeValidator(parse_balloon), WithJsonSchema({"anyOf": [{"const": 0}, {"type": "string"}]})]
_TAG = re.compile(r"[a-z0-9_][a-z0-9_+.-]*")


def parse_tag(value: str) -> str:
    """A tag that comes back as it was written: PVE makes tags lower case, and the provider (0.111.1, `tags`) reports that as a change."""
    if not _TAG.fullmatch(value):
        better = re.sub(r"[^a-z0-9_+.-]+", "-", value.lower()).strip("-+.")
        raise broken(f"{shown(value)} is not a tag of PVE (a-z, 0-9, _ + . -)", f"write {better or 'for example production'}")
    return value


Tag = Annotated[str, AfterValidator(parse_tag), WithJsonSchema({"type": "string", "pattern": f"^{_TAG.pattern}$"})]


def parse_cpu(value: str) -> str:
    """A CPU type of x86_64 (qemu-server's CPUConfig also lists those of aarch64)."""
    if re.match(r"(cortex-|neoverse-|a64fx)", value, re.IGNORECASE):
        raise broken(f"{shown(value)} is an ARM CPU, and machines here are x86_64", "write x86-64-v2-AES or host")
    return value


def parse_cpu_type(value: object) -> object:
    """A number is not a type: it tells how many there are."""
    number = re.fullmatch(r"([1-9]\d{0,2})(?:\s*(?:v?cpus?|cores?|threads?))?", str(value).strip().lower())
    if number and not isinstance(value, bool):
        given = value if isinstance(value, int) else shown(value)
        raise broken(f"{given} is not a CPU type of PVE; `cores` tells how many", f"write `cores: {number[1]}`")
    return value


_CPU = Form(r"[A-Za-z0-9][A-Za-z0-9._-]*", "a CPU type of PVE", "x86-64-v2-AES or host")
Cpu = Annotated[str, _CPU, AfterValidator(parse_cpu), BeforeValidator(parse_cpu_type)]
PvePool = Annotated[
    str, Form(r"[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+){0,2}", "a pool of PVE (letters, digits, - _ ., up to three levels with /)", "kubernetes")
]
DiskName = Annotated[
    str, Form(rf"[a-z0-9]([a-z0-9-]{{0,{_MAX_SERIAL - 2}}}[a-z0-9])?", "a disk's name (1 to 20 of a-z, 0-9, -)", "longhorn")
]


def parse_mapping(value: object) -> object:
    """The name of a mapping, and no device: qm's `host=1234:5678`, an id or an address of one, or `mapping=NAME` as qm writes it."""
    said = re.fullmatch(r"(?:(host|mapping)=)?([^=,]+)(?:,.*)?", value.strip()) if isinstance(value, str) else None
    if said and said[1] == "mapping":
        raise broken(f"{shown(value)} is not {_MAPPING[1]}", f"write {said[2]}")
    if said and (said[1] or re.fullmatch(r"[0-9A-Fa-f]{4}:[0-9A-Fa-f:.]+|[0-9A-Fa-f]{2}:[0-9A-Fa-f]{2}(\.\d)?|\d+-[\d.]+", said[2])):
        raise broken(
            f"{shown(value)} is not {_MAPPING[1]}", f"make one of {said[2]} on Proxmox, and write its name, for example gpu or zigbee"
        )
    return value


_MAPPING = (r"[A-Za-z][A-Za-z0-9_-]+", "the name of a resource mapping (Datacenter, Resource Mappings)")
Mapping = Annotated[str, BeforeValidator(parse_mapping), Form(*_MAPPING, "gpu")]
UsbMapping = Annotated[str, BeforeValidator(parse_mapping), Form(*_MAPPING, "zigbee, as the USB mapping is called there")]

Mdev = Annotated[str, Form(r"[A-Za-z0-9][A-Za-z0-9._-]*", "a mediated device type", "nvidia-63")]


class DataDisk(DiskFlags):
    """A disk beside the first. The guest finds it by its name, as /dev/disk/by-id/virtio-NAME, whatever the kernel calls it."""

    name: DiskName = Field(description="serial of the disk; never changes")
    size: Gibibytes = Field(description="grows in place, never shrinks; the file system is not grown with it")
    datastore: Datastore | None = Field(default=None, description="default: that of the first disk")
    mount: Annotated[str, BeforeValidator(parse_mount), WithJsonSchema({"type": "string", "pattern": f"^{_MOUNT.pattern}$"})] | None = (
        Field(default=None, description="where it is mounted; default: nowhere, the disk stays as it is (Longhorn, Ceph)")
    )
    filesystem: Literal["ext4", "xfs"] = Field(default="ext4", description="made when the disk is empty, never over anything")

    @model_validator(mode="after")
    def _no_ssd(self) -> DataDisk:
        if self.ssd:
            raise broken("a data disk is on virtio, for which PVE has no `ssd`", "delete it; the guest trims with `discard` all the same")
        return self


class Device(Section):
    """A PCI device by resource mapping. Written as the mapping's name alone, or as a mapping."""

    mapping: Mapping = Field(description="name of a PCI mapping of the datacenter; it says which device on which PVE node")
    pcie: Flag | None = Field(default=None, description="as PCI Express; default: true with chipset q35")
    mdev: Mdev | None = Field(default=None, description="type of the mediated device (vGPU)")
    primary_gpu: Flag = Field(default=False, description="the VM's only graphics card")


class Usb(Section):
    """A USB device by resource mapping. Written as the mapping's name alone, or as a mapping."""

    mapping: UsbMapping = Field(description="name of a USB mapping of the datacenter; it says which device on which PVE node")
    usb3: Flag = Field(default=False, description="PVE's flag; machines of PVE 7.1 or newer have a USB 3 controller anyway")


def _by_mapping(value: Any) -> Any:
    """A bare name stands for a device with that mapping."""
    return [{"mapping": item} if isinstance(item, str) else item for item in value] if isinstance(value, list | tuple) else value


class Startup(Section):
    """When the VM starts among the others of its PVE node. Delays in seconds."""

    order: Annotated[Count, between(0, MAX_ORDER, "order", "10")] | None = Field(
        default=None, description="lower starts first and stops last; default: 1 load balancers, 2 servers, 3 agents"
    )
    up_delay: Annotated[Count, between(0, MAX_DELAY, "up_delay", "30")] | None = Field(
        default=None, description="seconds until the next VM is started"
    )
    down_delay: Annotated[Count, between(0, MAX_DELAY, "down_delay", "120")] | None = Field(
        default=None, description="seconds that the shutdown may take; default: PVE's 180"
    )


class Agent(Section):
    """The QEMU guest agent: discovery reads addresses and host keys through it."""

    enabled: Flag = Field(default=True, description="false: addresses must be static, host keys are not discovered")
    timeout: Minutes = Field(default=2, description="how long the provider waits for its answer")


class Ha(Section):
    """Restart on another PVE node when this one fails. `true` and `false` stand for `enabled`."""

    enabled: Flag = Field(default=True, description="whether PVE's HA manager looks after the VM")
    max_restart: Annotated[Count, between(0, MAX_TRIES, "max_restart", "1")] = Field(
        default=1, description="attempts to start it on the same PVE node"
    )
    max_relocate: Annotated[Count, between(0, MAX_TRIES, "max_relocate", "1")] = Field(
        default=1, description="attempts to start it on another PVE node"
    )


def _switch(value: Any) -> Any:
    return {"enabled": value} if isinstance(value, bool) else value


class Hardware(Section):
    """The keys that pools and machines share; what is not said comes from the pool, or from the default."""

    sockets: Annotated[Count, between(1, _MAX_SOCKETS, "sockets", "1")] | None = Field(
        default=None, description="CPU sockets that the cores are spread over; default: 1"
    )
    ssh_jump: JumpHost | None = Field(default=None, description="jump host, user@host:port, or none; default: `ssh.jump`")
    site: SiteName | None = Field(default=None, description="its place, one of `mesh.sites`")
    numa: Flag | None = Field(default=None, description="tell the guest of NUMA nodes, one a socket; default: false")
    hugepages: Literal["any", "2MiB", "1GiB"] | None = Field(
        default=None, description="back the memory with huge pages of the PVE node; needs `numa: true`; default: none"
    )
    balloon: Balloon | None = Field(
        default=None,
        description="memory that PVE may take it down to, 0: none; default: 0, since etcd stalls and the kubelet evicts when memory goes",
    )
    disk_datastore: Datastore | None = Field(
        default=None,
        description="PVE datastore of the first disk and of the small drives beside it; default: the PVE node's `datastores.disks`",
    )
    disk_options: DiskFlags | None = Field(default=None, description="flags of the first disk")
    firmware: Literal["seabios", "ovmf"] | None = Field(default=None, description="ovmf: UEFI with a disk of its own; default: seabios")
    chipset: Literal["q35", "i440fx"] | None = Field(default=None, description="default: q35")
    tpm: Flag | None = Field(default=None, description="a TPM 2.0 with a disk of its own; default: false")
    data_disks: Annotated[tuple[DataDisk, ...], at_most(MAX_DATA_DISKS, "data disks")] | None = Field(
        default=None, description="disks beside the first; default: none"
    )
    devices: Annotated[tuple[Device, ...], BeforeValidator(_by_mapping), at_most(MAX_DEVICES, "devices")] | None = Field(
        default=None, description="PCI devices by resource mapping; default: none"
    )
    usb: Annotated[tuple[Usb, ...], BeforeValidator(_by_mapping), at_most(MAX_USB, "USB devices")] | None = Field(
        default=None, description="USB devices by resource mapping; default: none"
    )
    pve_pool: PvePool | None = Field(default=None, description="PVE pool, which must exist; default: none")
    description: Annotated[str, BeforeValidator(parse_description), WithJsonSchema({"type": "string"})] | None = Field(
        default=None, description="notes of the VM; default: what it is"
    )
    tags: tuple[Tag, ...] | None = Field(default=None, description="tags of the VM in Proxmox, beside Stardock's own")
    startup: Startup | None = Field(default=None, description="order and delays of start and shutdown")
    serial: Flag | None = Field(default=None, description="a serial console, where cloud kernels log; default: true")
    agent: Agent | None = Field(default=None, description="QEMU guest agent; default: enabled")
    stop_on_destroy: Flag | None = Field(default=None, description="cut the power at destroy instead of asking the guest; default: true")
    on_boot: Flag | None = Field(default=None, description="start the VM with its PVE node; default: true")
    ha: Annotated[Ha, BeforeValidator(_switch)] | None = Field(default=None, description="PVE HA; default: false")
