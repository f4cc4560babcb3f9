"""Controllers and drives as PVE's `print_drivedevice_full` makes them (qemu-server, src/PVE/QemuServer/DriveDevice.pm)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from lab.machines.qemu import pci
from lab.machines.qemu.board import is_q35

_DRIVE = re.compile(r"(ide|scsi|virtio|sata)(\d+)")
#: The order in which PVE looks at them (Drive.pm, valid_drive_names).
_ORDER = ("ide", "scsi", "virtio", "sata")
_SINGLE = "virtio-scsi-single"
#: How many drives hang on one controller.
_PER_LSI, _PER_SCSI, _PER_AHCI = 7, 256, 6


@dataclass(frozen=True, slots=True)
class File:
    """Where the content of a volume is on this host."""

    path: Path
    format: str  # qcow2 or raw


@dataclass(frozen=True, slots=True)
class Drive:
    """One drive of a configuration. `volume` is what stands first in it: a volume id, or `none`."""

    interface: str
    index: int
    volume: str
    options: Mapping[str, str]

    @property
    def name(self) -> str:
        """As its key in the configuration."""
        return f"{self.interface}{self.index}"

    @property
    def is_cd(self) -> bool:
        """Whether the guest sees a CD drive: always so for the cloud-init volume."""
        return self.options.get("media") == "cdrom" or self.volume.endswith("-cloudinit")


def drives(config: Mapping[str, Any]) -> list[Drive]:
    """All drives but those of firmware and TPM, in PVE's order."""
    found = [_drive(match, str(config[key])) for key in config if (match := _DRIVE.fullmatch(key))]
    return sorted(found, key=lambda drive: (_ORDER.index(drive.interface), drive.index))


def _drive(match: re.Match[str], text: str) -> Drive:
    volume, *options = text.split(",")
    return Drive(match[1], int(match[2]), volume.removeprefix("file="), dict(option.split("=", 1) for option in options))


def arguments(config: Mapping[str, Any], files: Mapping[str, File], order: Mapping[str, int]) -> Iterator[str]:
    """Arguments of all controllers and drives; `files` by volume id, `order` the boot index by key."""
    made: set[str] = set()
    for drive in drives(config):
        if drive.interface == "virtio" and drive.options.get("iothread") == "1":
            yield from ("-object", f"iothread,id=iothread-{drive.name}")
        for name, controller in _controller(config, drive):
            if name not in made:
                yield from _iothread(config, drive, name)
                yield from ("-device", controller)
            made.add(name)
        if drive.volume != "none":
            yield from ("-blockdev", backend(drive, files[drive.volume]))
        yield from ("-device", device(config, drive, order))


def controllers(config: Mapping[str, Any]) -> set[str]:
    """The names of the controllers that the drives hang on."""
    return {name for drive in drives(config) for name, _ in _controller(config, drive)}


def _controller(config: Mapping[str, Any], drive: Drive) -> Iterator[tuple[str, str]]:
    if drive.interface == "sata":
        name = f"ahci{drive.index // _PER_AHCI}"
        yield name, f"ahci,id={name},multifunction=on,{pci.slot(name)}"
    elif drive.interface == "scsi":
        name, hardware = _scsi_controller(config, drive), str(config.get("scsihw", "lsi"))
        model = "virtio-scsi-pci" if hardware == _SINGLE else hardware
        own = f",iothread=iothread-{name}" if hardware == _SINGLE and drive.options.get("iothread") == "1" else ""
        queues = f",num_queues={drive.options['queues']}" if hardware == _SINGLE and "queues" in drive.options else ""
        yield name, f"{model},id={name},{pci.slot(name)}{own}{queues}"


def _iothread(config: Mapping[str, Any], drive: Drive, controller: str) -> Iterator[str]:
    if config.get("scsihw") == _SINGLE and drive.interface == "scsi" and drive.options.get("iothread") == "1":
        yield from ("-object", f"iothread,id=iothread-{controller}")


def _scsi_controller(config: Mapping[str, Any], drive: Drive) -> str:
    """With virtio-scsi-single, each drive has its own."""
    hardware = str(config.get("scsihw", "lsi"))
    if hardware == _SINGLE:
        return f"virtioscsi{drive.index}"
    return f"scsihw{drive.index // (_PER_LSI if hardware.startswith('lsi') else _PER_SCSI)}"


def device(config: Mapping[str, Any], drive: Drive, order: Mapping[str, int]) -> str:
    """The `-device` value of one drive."""
    found = {"virtio": _virtio, "scsi": _scsi, "ide": _ide, "sata": _sata}[drive.interface](config, drive)
    boot = f",bootindex={order[drive.name]}" if drive.name in order else ""
    serial = f",serial={_escaped(unquote(drive.options['serial']))}" if "serial" in drive.options else ""
    return found + boot + serial + ("" if drive.is_cd else f",write-cache={_write_cache(drive)}")


def _write_cache(drive: Drive) -> str:
    return "off" if drive.options.get("cache") in {"writethrough", "directsync"} else "on"


def _medium(drive: Drive) -> str:
    return "" if drive.volume == "none" else f",drive=drive-{drive.name}"


def _virtio(_: Mapping[str, Any], drive: Drive) -> str:
    thread = f",iothread=iothread-{drive.name}" if drive.options.get("iothread") == "1" else ""
    return f"virtio-blk-pci{_medium(drive)},id={drive.name},{pci.slot(drive.name)}{thread}"


def _scsi(config: Mapping[str, Any], drive: Drive) -> str:
    """The LUN is the drive's number, also where it has a controller of its own."""
    hardware, bus = str(config.get("scsihw", "lsi")), _scsi_controller(config, drive)
    place = f"channel=0,scsi-id=0,lun={drive.index}"
    if hardware.startswith("lsi") or hardware == "pvscsi":
        place = f"scsi-id={drive.index % (_PER_LSI if hardware.startswith('lsi') else _PER_SCSI)}"
    rotation = ",rotation_rate=1" if drive.options.get("ssd") == "1" and not drive.is_cd else ""
    kind = "cd" if drive.is_cd else "hd"
    return f"scsi-{kind},bus={bus}.0,{place}{_medium(drive)},id={drive.name},device_id=drive-{drive.name}{rotation}{_wwn(drive)}"


def _ide(config: Mapping[str, Any], drive: Drive) -> str:
    """ICH9 (q35) has one unit a bus: PVE puts ide0 to ide3 on the buses 0, 2, 1, 3."""
    bus, unit = divmod(drive.index, 2)
    if is_q35(config):
        bus, unit = bus + 2 * unit, 0
    return f"ide-{'cd' if drive.is_cd else 'hd'},bus=ide.{bus},unit={unit}{_medium(drive)},id={drive.name}{_rotation(drive)}{_wwn(drive)}"


def _sata(_: Mapping[str, Any], drive: Drive) -> str:
    bus, unit = divmod(drive.index, _PER_AHCI)
    return f"ide-{'cd' if drive.is_cd else 'hd'},bus=ahci{bus}.{unit}{_medium(drive)},id={drive.name}{_rotation(drive)}{_wwn(drive)}"


def _rotation(drive: Drive) -> str:
    return ",rotation_rate=1" if drive.options.get("ssd") == "1" and not drive.is_cd else ""


def _wwn(drive: Drive) -> str:
    return f",wwn={drive.options['wwn']}" if "wwn" in drive.options else ""


def _escaped(value: str) -> str:
    return value.replace(",", ",,")


def backend(drive: Drive, file: File) -> str:
    """The `-blockdev` value. The lab's own: no throttling, and no flush, so that a test's disk is as fast as memory."""
    node = {
        "driver": file.format, "node-name": f"drive-{drive.name}", "cache": {"no-flush": True},
        "file": {"driver": "file", "filename": str(file.path), "cache": {"no-flush": True}},
    }  # fmt: skip
    discard = {"discard": "unmap"} if drive.options.get("discard") == "on" else {}
    return json.dumps(node | discard | ({"read-only": True} if drive.is_cd else {}), sort_keys=True)
