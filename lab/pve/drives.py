"""A VM's drives: `local-lvm:20` allocates, `local-lvm:0,import-from=X` copies, `local-lvm:cloudinit` makes the cloud-init drive."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping

from lab.pve.errors import PveError, TaskError, bad_parameters
from lab.pve.estate import Estate
from lab.pve.images import placeholder_url, virtual_size
from lab.pve.schema.check import parse_property_string, rule_of
from lab.pve.schema.model import Rules
from lab.pve.state import Disk, Vm

DRIVE = re.compile(r"(?:scsi|virtio|sata|ide)\d+|efidisk0|tpmstate0")
NEW_DISK = re.compile(r"([^:/\s]+):(\d+(?:\.\d+)?)")
_UNITS = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3, "T": 1024**4}
#: Cloud-init, EFI and TPM volumes on LVM: one extent.
_EXTENT = 4 * 1024**2


def size_in_bytes(text: str) -> int:
    """PVE's disk size: digits, perhaps a fraction, perhaps K, M, G or T."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([KMGT]?)", text)
    if not found:
        raise ValueError(f"not a disk size: {text}")
    return int(float(found[1]) * _UNITS[found[2]])


def size_in_words(size: int) -> str:
    """Bytes as PVE writes them into a configuration: the largest unit that divides them."""
    unit = next((unit for unit in "TGMK" if size and size % _UNITS[unit] == 0), "")
    return f"{size // _UNITS[unit]}{unit}"


def drive_of(rules: Rules, key: str, text: str) -> dict[str, str]:
    """The keys of a drive; `rules` are those of the route that took it (and has checked it)."""
    rule = rule_of(rules, key)
    if rule is None or not isinstance(rule.format, Mapping):
        raise TypeError(f"{key} is no drive")
    return parse_property_string(rule.format, text)


def check(estate: Estate, node: str, key: str, drive: Mapping[str, str]) -> None:
    """What PVE refuses before it starts a task and the schema cannot say. Raises PveError."""
    new = NEW_DISK.fullmatch(drive["file"])
    source = drive.get("import-from")
    if source and (not new or float(new[2]) != 0):
        raise bad_parameters({key: "'import-from' requires special syntax - use <storage ID>:0,import-from=<source>"})
    if source and ":" in source:
        kind = source.partition(":")[2].partition("/")[0] if "/" in source else "images"
        if kind not in {"images", "import"}:
            raise bad_parameters({key: f"{source} has wrong type '{kind}' - needs to be 'images' or 'import'"})
    if new and "images" not in estate.storages.get(node, new[1]).content:
        raise bad_parameters({"storage": f"storage '{new[1]}' does not support vm images"})


def attach(estate: Estate, vm: Vm, key: str, drive: dict[str, str]) -> str:
    """Makes what the drive asks for and gives the text for the configuration. Raises TaskError with PVE's words."""
    file = drive["file"]
    new = NEW_DISK.fullmatch(file)
    if file.endswith(":cloudinit"):
        drive |= {"file": _cloud_init_volume(vm, key, file), "media": "cdrom"}
    elif new:
        size = _new_size(estate, vm, key, drive, float(new[2]))
        image = _image_name(estate, vm, drive.get("import-from"))
        drive |= {"file": _allocate(estate, vm, new[1], size, image), "size": size_in_words(size)}
    elif file in vm.disks:
        drive |= {"size": size_in_words(vm.disks[file].size)}
    elif file not in {"none", "cdrom"} and estate.storages.volume(vm.node, file) is None:
        raise TaskError(f"volume '{file}' does not exist")
    for gone in ("format", "import-from"):
        drive.pop(gone, None)
    if drive.get("media") == "cdrom":
        drive.pop("size", None) if file != "none" else None
    return written(drive)


def written(drive: Mapping[str, str]) -> str:
    """A drive as PVE writes it: the volume, then its options in alphabetical order."""
    return ",".join([drive["file"], *(f"{key}={drive[key]}" for key in sorted(drive) if key != "file")])


def detach(vm: Vm, key: str) -> None:
    """Takes a drive out of the configuration; its disk becomes unusedN, a cloud-init drive goes."""
    volid = str(vm.config.pop(key, "")).partition(",")[0]
    if volid not in vm.disks:
        return
    if key.startswith("unused") or volid.endswith("-cloudinit"):
        del vm.disks[volid]
    else:
        free = next(index for index in range(256) if f"unused{index}" not in vm.config)
        vm.config[f"unused{free}"] = volid


def seed_slot(vm: Vm) -> str | None:
    """Where the cloud-init drive hangs, e.g. `scsi1`; of several the first, as PVE takes them. None: there is none."""
    return next((key for key in sorted(vm.config) if DRIVE.fullmatch(key) and "-cloudinit" in str(vm.config[key])), None)


def boot_disk(vm: Vm) -> Disk | None:
    """The disk that the VM boots from: the first of its boot order that has one."""
    order = str(vm.config.get("boot", "")).partition("order=")[2].split(";")
    keys = [*order, *sorted(key for key in vm.config if DRIVE.fullmatch(key))]
    volumes = [str(vm.config.get(key, "")).partition(",")[0] for key in keys if key not in {"efidisk0", "tpmstate0"}]
    return next((vm.disks[volid] for volid in volumes if volid in vm.disks and not volid.endswith("-cloudinit")), None)


def _new_size(estate: Estate, vm: Vm, key: str, drive: Mapping[str, str], gib: float) -> int:
    source = drive.get("import-from")
    if source:
        try:
            return virtual_size(estate.storages.read(vm.node, source))
        except (TaskError, PveError) as error:
            raise TaskError(f"cannot import from '{source}' - {error}") from error
    return _EXTENT if key in {"efidisk0", "tpmstate0"} else int(gib * 1024**3)


def check_reachable(vm: Vm) -> None:
    """A VM that was moved starts only where its disks are. Raises TaskError."""
    attached = {str(value).partition(",")[0] for key, value in vm.config.items() if DRIVE.fullmatch(key)}
    for volid in sorted(attached & vm.disks.keys()):
        if vm.disks[volid].node not in {"", vm.node} and not volid.endswith("-cloudinit"):  # which each start makes anew
            raise TaskError(f"no such logical volume {volid.partition(':')[2]} on node '{vm.node}'")


def _image_name(estate: Estate, vm: Vm, volume: str | None) -> str:
    """The image as its publisher calls it: that of the URL that a placeholder stands for, else the volume's own name."""
    if volume is None:
        return ""
    url = placeholder_url(estate.storages.read(vm.node, volume))
    return (url or volume).rpartition("/")[2]


def _allocate(estate: Estate, vm: Vm, storage: str, size: int, image: str) -> str:
    volid = next(name for index in range(1000) if (name := f"{storage}:vm-{vm.vm_id}-disk-{index}") not in vm.disks)
    node = "" if estate.storages.get(vm.node, storage).shared else vm.node
    vm.disks[volid] = Disk(size, vm.vm_id, str(uuid.uuid4()), node, image)
    return volid


def _cloud_init_volume(vm: Vm, key: str, file: str) -> str:
    volid = f"{file.partition(':')[0]}:vm-{vm.vm_id}-cloudinit"
    if volid in vm.disks:
        raise TaskError(f"{key} - cloud-init drive is already attached")
    vm.disks[volid] = Disk(_EXTENT, vm.vm_id, "")
    return volid
