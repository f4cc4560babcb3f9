"""What each field of the lock may hold: what cluster.yaml may hold there, or what is made of that.

Forms, not advice: what cluster.yaml is refused for today, and a machine that exists has all the same, may stay in its record.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, Strict

from stardock.distributions import DEFAULT_NAME, DISTRIBUTIONS
from stardock.distributions import Name as KubernetesName
from stardock.distributions.node_labels import taint_of
from stardock.images.checksums import FILE_NAME
from stardock.model.lock import Lock, LockedMachine, Pin
from stardock.model.machine import Image, Interface, Ipv6, Machine, Route, SecretFile, User, UserFile, Window
from stardock.model.parts import Agent, DataDisk, Device, DiskOptions, Ha, PackageProxy, Startup, Usb
from stardock.spec import hardware, interface, ip, vlans
from stardock.spec.cloud_init import FilePath, Mode, Package, parse_content
from stardock.spec.distribution import CHANNEL, Url, Version
from stardock.spec.image import Checksum
from stardock.spec.keys import is_key_line
from stardock.spec.maintenance import Clock
from stardock.spec.mesh import SiteName, parse_mesh_port
from stardock.spec.network import VrrpId
from stardock.spec.pools import Cores, VmId, parse_labels
from stardock.spec.proxmox import NodeName, Port
from stardock.spec.proxy import Direct, ProxyUrl
from stardock.spec.pve_names import Bridge, Datastore
from stardock.spec.pve_names import Zone as SdnZone
from stardock.spec.section import broken
from stardock.spec.units import Account, Count, Domain, Form, HostName, MachineName, Name, between, parse_machine_name, shown
from stardock.systems import SYSTEMS
from stardock.workspace.records.forms import Adapters, Forms, adapters

_MINUTES = 24 * 60
#: In GiB, what `stardock.spec.units` takes in TiB.
_LARGEST_DISK = 2**33
_LARGEST_IMAGE = 1 << 50
_LARGEST_MEMORY = 268_435_456
#: More names than a pool ever gave.
_ORDINALS = 999_999


def number(first: int, last: int, what: str) -> Any:
    """A whole number inside of bounds."""
    return Annotated[int, Strict(), between(first, last, what, str(first))]


def parse_key_line(value: str) -> str:
    """A public key, as `ssh-keygen` writes it."""
    if not is_key_line(value):
        raise broken(f"{shown(value)} is not a public key")
    return value


def parse_taint(value: str) -> str:
    """A taint of Kubernetes'."""
    if taint_of(value) is None:
        raise broken(f"{shown(value)} is not a taint")
    return value


def parse_system(value: str) -> str:
    """A system that this Stardock has."""
    if value not in SYSTEMS:
        raise broken(f"{shown(value)} is no system that this Stardock knows")
    return value


def parse_founder(value: str) -> str:
    """A machine's name, or none."""
    return value and parse_machine_name(value)


def parse_source(value: str) -> str:
    """What an image's pin is filed under: a URL, or `file:` and a path."""
    if not re.fullmatch(r"file:.+|https?://[^\s/@]+(/\S*)?", value):
        raise broken(f"{shown(value)} is neither the URL of an image nor file:PATH")
    return value


def parse_options(value: dict[str, Any]) -> dict[str, Any]:
    """Keys of config.yaml that are the user's to set, in any distribution."""
    for name, given in value.items():
        faults = [next(one.keys.faults({name: given}, ""), None) for one in DISTRIBUTIONS.values()]
        if all(faults):
            raise broken(f"{shown(name)} is no option of a machine's own, or its value is none")
    return value


KeyLine = Annotated[str, AfterValidator(parse_key_line)]
Taint = Annotated[str, AfterValidator(parse_taint)]
SystemName = Annotated[str, AfterValidator(parse_system)]
Source = Annotated[str, AfterValidator(parse_source)]
Founder = Annotated[str, AfterValidator(parse_founder)]
SomeText = Annotated[str, Field(min_length=1)]
Options = Annotated[dict[str, Any], AfterValidator(parse_options)]
Labels = Annotated[dict[str, str], AfterValidator(parse_labels)]
Zone = Annotated[str, Form(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}", "a time zone", "UTC")]
#: Where the provider (0.111.1) takes a cloud-init drive.
Seed = Annotated[str, Form(r"ide[0-3]|sata[0-5]|scsi(30|[12]?[0-9])", "a slot of a cloud-init drive", "scsi1")]
#: In MiB, of a PVE node.
HostMemory = Annotated[int, Strict(), between(1, _LARGEST_DISK * 1024, "memory (MiB)", "65536")]
Vlan = Annotated[int, Strict(), between(1, 4094, "VLAN", "10")]
VlanRange = Annotated[str, Form(r"[0-9]{1,4}(-[0-9]{1,4})?", "a VLAN or a range of VLANs", "30-35")]
Gibibytes = number(1, _LARGEST_DISK, "disk (GiB)")
Date = Annotated[str, Form(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", "a date", "2026-11-29")]
#: PVE's name of the file that an image becomes, with what `stardock.plan.machine.images` adds.
ImageFile = Annotated[str, Form(r"[A-Za-z0-9.+=_-]{1,240}\.(qcow2|raw|vmdk|img)", "a file name of an image", "debian.qcow2")]
#: pve-qm-cicustom: `meta=STORAGE:snippets/FILE`, several with commas.
_SNIPPET = r"(meta|network|user|vendor)=[A-Za-z][A-Za-z0-9_.-]*:snippets/[A-Za-z0-9_.+-]+"
Snippets = Annotated[str, Form(rf"{_SNIPPET}(,{_SNIPPET})*", "what PVE calls cicustom", "user=local:snippets/x.yaml")]
Variable = Annotated[str, Form(r"password_hash_[a-z_][a-z0-9_]{0,31}", "the variable of a password hash", "password_hash_admin")]
Plugin = Annotated[str, Form(r"[a-z0-9][a-z0-9-]{0,62}", "a network plugin", "canal")]
LockedChannel = Annotated[str, Form(rf"[a-z0-9]+/({CHANNEL})", "a channel of a distribution", f"{DEFAULT_NAME}/stable")]
#: `stardock.model.mesh.pair_of`.
SitePair = Annotated[str, Form(r"[a-z0-9][a-z0-9-]{0,62}\+[a-z0-9][a-z0-9-]{0,62}", "a pair of sites", "boat+shed")]
MeshAddress = Annotated[ip.Ipv4, AfterValidator(str)]
Published = Annotated[str, Form(FILE_NAME, "a file name", "debian.qcow2")]

LimitName = Annotated[str, Form(r"(mbps|iops)_(rd|wr)(_max)?", "a limit of a disk", "mbps_rd")]
Limits = dict[LimitName, Annotated[int, Strict(), between(1, 100_000_000, "limit", "200")]]

LOCK: Forms = {
    Lock: {
        "cluster": Name,
        "founder": Founder,
        "vrid": VrrpId | None,
        "machines": dict[MachineName, Any],
        "images": dict[Source, Any],
        "memory": dict[NodeName, HostMemory],
        "distribution_version": Version | None,
        "former_release": Version | None,
        "channels": dict[LockedChannel, Version],
        "mesh": dict[MachineName, MeshAddress],
        "sites": dict[MachineName, SiteName],
        "relays": dict[SitePair, MachineName],
        "mesh_port": Annotated[Port, AfterValidator(parse_mesh_port)] | None,
    },
    LockedMachine: {"pool": Name, "ordinal": number(0, _ORDINALS, "ordinal"), "place": number(0, _ORDINALS, "place")},
    Pin: {
        "checksum": Checksum,
        "date": Date,
        "checksum_url": Url | None,
        "virtual_bytes": number(1, _LARGEST_IMAGE, "size of an image's disk (bytes)") | None,
        "published": Published | None,
    },
    Machine: {
        "name": MachineName,
        "pool": Name,
        "pve_node": NodeName,
        "vm_id": VmId,
        "hostname": HostName,
        "interfaces": Annotated[tuple[Any, ...], Field(min_length=1)],
        "cores": Cores,
        "cpu_type": hardware.Cpu,
        "memory_mib": number(64, _LARGEST_MEMORY, "memory (MiB)"),
        "disk_gib": Gibibytes,
        "disk_datastore": Datastore,
        "snippet_datastore": Datastore,
        "seed_interface": Seed,
        "cicustom": Snippets | None,
        "packages": tuple[Package, ...],
        "options": Options,
        "labels": Labels,
        "taints": tuple[Taint, ...],
        "tags": tuple[hardware.Tag, ...],
        "timezone": Zone,
        "sockets": number(1, 4, "sockets"),
        "hugepages": Literal["any", "2MiB", "1GiB"] | None,
        "balloon_mib": number(0, _LARGEST_MEMORY, "balloon (MiB)"),
        "firmware": Literal["seabios", "ovmf"],
        "chipset": Literal["q35", "i440fx"],
        "pve_pool": hardware.PvePool | None,
        "description": Annotated[str, AfterValidator(hardware.parse_description)] | None,
        "kubernetes": KubernetesName | None,
        "cni": tuple[Plugin, ...],
        "mirror": Url | None,
        "commands": tuple[SomeText, ...],
        "boot_commands": tuple[SomeText, ...],
    },
    Interface: {
        "name": interface.InterfaceName,
        "bridge": Bridge,
        "mac": ip.Mac,
        "model": Literal["virtio", "e1000", "e1000e", "vmxnet3", "rtl8139"],
        "zone": SdnZone | None,
        "vlan": Vlan | None,
        "trunks": Annotated[tuple[VlanRange, ...], AfterValidator(vlans.parse_ranges)],
        "mtu": Annotated[Count, AfterValidator(interface.parse_mtu)] | None,
        "address": ip.Ipv4 | None,
        "prefix": Annotated[Count, AfterValidator(interface.parse_prefix)] | None,
        "gateway": ip.Ipv4 | None,
        "dns": tuple[ip.Address, ...],
        "search": tuple[Domain, ...],
        "metric": interface.Metric | None,
    },
    Ipv6: {
        "address": ip.Ipv6 | None,
        "prefix": Annotated[Count, AfterValidator(interface.parse_prefix_v6)] | None,
        "gateway": ip.Ipv6 | None,
    },
    Route: {"to": ip.Cidr, "via": ip.Address, "metric": interface.Metric | None},
    Window: {"start": Clock, "duration_minutes": number(1, _MINUTES, "duration (minutes)")},
    Image: {
        "system": SystemName,
        "release": Annotated[str, Form(r"[A-Za-z0-9._-]{0,32}", "a release", "13")],
        "url": Url | None,
        "file": SomeText | None,
        "file_name": ImageFile,
        "datastore": Datastore,
        "checksum": Checksum | None,
        "timeout_seconds": number(1, _MINUTES * 60, "timeout (seconds)"),
    },
    User: {"name": Account, "keys": tuple[KeyLine, ...], "password_variable": Variable | None},
    UserFile: {"path": FilePath, "content": Annotated[str, AfterValidator(parse_content)], "mode": Mode, "owner": Account},
    SecretFile: {
        "path": FilePath,
        "source": Annotated[str, Form(r"env:[A-Za-z_][A-Za-z0-9_]*|(?s:file:.+)", "the source of a secret", "env:REGISTRIES_YAML")],
        "mode": Mode,
        "owner": Account,
    },
    PackageProxy: {"http": ProxyUrl, "https": ProxyUrl, "no_proxy": tuple[Direct, ...]},
    DataDisk: {
        "name": hardware.DiskName,
        "size_gib": Gibibytes,
        "datastore": Datastore,
        "slot": number(1, hardware.MAX_DATA_DISKS, "slot"),
        "mount": Annotated[str, AfterValidator(hardware.parse_mount)] | None,
        "filesystem": Literal["ext4", "xfs"],
    },
    DiskOptions: {
        "aio": Literal["io_uring", "native", "threads"],
        "cache": Literal["none", "writethrough", "writeback", "unsafe", "directsync"],
        "limits": Limits,
    },
    Device: {"mapping": hardware.Mapping, "mdev": hardware.Mdev | None},
    Usb: {"mapping": hardware.Mapping},
    Startup: {
        "order": number(0, hardware.MAX_ORDER, "order"),
        "up_delay": number(0, hardware.MAX_DELAY, "up_delay") | None,
        "down_delay": number(0, hardware.MAX_DELAY, "down_delay") | None,
    },
    Agent: {"timeout_minutes": number(1, _MINUTES, "timeout (minutes)")},
    Ha: {
        "max_restart": number(0, hardware.MAX_TRIES, "max_restart"),
        "max_relocate": number(0, hardware.MAX_TRIES, "max_relocate"),
        "nodes": tuple[NodeName, ...],
    },
}


@cache
def lock_forms() -> Adapters:
    """The forms of the lock, ready to be asked."""
    return adapters(LOCK)
