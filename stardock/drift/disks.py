"""Disks, boot order, drives beside them. The provider (0.111.1) does not see EFI and TPM drives that come or go, nor the boot order."""

from __future__ import annotations

import re
from collections.abc import Iterator

from stardock.drift.finding import Finding
from stardock.drift.scene import Scene
from stardock.estate.configs import Config
from stardock.estate.hardware import gibibytes, is_seed, properties
from stardock.model.machine import Machine
from stardock.model.parts import PROVIDERS_LIMITS, DiskOptions

_DRIVE = re.compile(r"(?:scsi|virtio|sata|ide)\d+|unused\d+|efidisk0|tpmstate0")
#: A volume of proxmox-csi-plugin's, which comes and goes with the pods that use it (sergelogvinov/proxmox-csi-plugin, pkg/config,
#: `DefaultControllerVMID`): it belongs to no VM, so that PVE deletes it with none. The provider passes drives over that it has not made.
_VOLUME = re.compile(r"\bvm-9999-pvc-")
_LOST = "its content is gone with it: restore the disk, or runner deploy --replace {name}"


def check(scene: Scene) -> Iterator[Finding]:
    """Every machine that exists."""
    for machine, _, config in scene.existing():
        wanted = _wanted(machine)
        for key, (datastore, size) in wanted.items():
            yield from _disk(machine, key, datastore, size, config)
            yield from _written(machine, key, config)
        yield from _others(machine, config, set(wanted))
        yield from _seed(machine, config)
        yield from _boot(machine, config)


def _wanted(machine: Machine) -> dict[str, tuple[str, int | None]]:
    """Drive -> datastore and GiB (None: whatever PVE makes it)."""
    disks: dict[str, tuple[str, int | None]] = {machine.disk_interface: (machine.disk_datastore, machine.disk_gib)}
    disks |= {f"virtio{disk.slot}": (disk.datastore, disk.size_gib) for disk in machine.data_disks}
    if machine.firmware == "ovmf":
        disks["efidisk0"] = (machine.disk_datastore, None)
    if machine.tpm:
        disks["tpmstate0"] = (machine.disk_datastore, None)
    return disks


def _disk(machine: Machine, key: str, datastore: str, size: int | None, config: Config) -> Iterator[Finding]:
    hidden, cure = key in {"efidisk0", "tpmstate0"}, _missing(machine, key, config)
    if key not in config:
        shown = f"on {datastore}" + (f", {size}GiB" if size else "")
        yield Finding(kind="disk", subject=machine.name, field=key, wanted=shown, found="none", hidden=hidden, cure=cure)
        return
    drive = properties(config[key], "file")
    store = drive.get("file", "").partition(":")[0]
    if store != datastore:
        yield Finding(
            kind="disk", subject=machine.name, field=f"{key} datastore", wanted=datastore, found=store, hidden=hidden, cure=_MOVED
        )
    seen = gibibytes(drive.get("size", ""))
    if size is not None and seen != size:
        grown = seen is not None and seen > size
        cure = f"write `disk: {seen:g}GiB` on {machine.name}: disks never shrink" if grown else "runner deploy grows it"
        found = f"{seen:g}GiB" if seen is not None else drive.get("size", "no size")
        yield Finding(kind="disk", subject=machine.name, field=f"{key} size", wanted=f"{size}GiB", found=found, cure=cure)


def _missing(machine: Machine, key: str, config: Config) -> str:
    """What a person can do for a drive that is not there: PVE keeps what is detached as `unusedN`."""
    kept = [str(config[one]) for one in sorted(config) if one.startswith("unused")]
    if not kept:
        return _LOST.format(name=machine.name)
    serial = next((f",serial={disk.name}" for disk in machine.data_disks if key == f"virtio{disk.slot}"), "")
    volume, which = (kept[0], "") if len(kept) == 1 else ("VOLUME", f", where VOLUME is one of {', '.join(kept)}")
    return f"if it was detached, attach it again: qm set {machine.vm_id} --{key} {volume}{serial}{which}"


#: qemu-server's defaults of what a drive may leave out; of `aio` what the provider takes for it.
_DEFAULTS = {"aio": "io_uring", "backup": "1", "cache": "none", "discard": "ignore", "iothread": "0", "replicate": "1", "ssd": "0"}
_DEFAULTS |= {"serial": "none", "efitype": "2m", "pre-enrolled-keys": "0", "version": "v1.2", **dict.fromkeys(PROVIDERS_LIMITS, "none")}
#: What PVE changes on a VM that runs (PVE::QemuServer::vmconfig_update_disk).
_LIVE = frozenset({"backup", "replicate", *PROVIDERS_LIMITS})


def _options(machine: Machine, key: str) -> dict[str, str]:
    """What is written of a planned drive. A drive on virtio has no `ssd`."""
    if key == "efidisk0":
        return {"efitype": "4m", "pre-enrolled-keys": "0"}
    if key == "tpmstate0":
        return {"version": "v2.0"}
    data = {f"virtio{disk.slot}": disk for disk in machine.data_disks}
    serial = {"serial": data[key].name} if key in data else {}
    return _flags(data[key].options if key in data else machine.disk_options, key) | serial


def _flags(options: DiskOptions, key: str) -> dict[str, str]:
    switches = {name: getattr(options, name) for name in ("backup", "iothread", "replicate")}
    switches |= {} if key.startswith("virtio") else {"ssd": options.has_ssd(key)}
    limits = {name: str(options.limits.get(name, "none")) for name in PROVIDERS_LIMITS}
    words = {"aio": options.aio, "cache": options.cache, "discard": "on" if options.discard else "ignore"}
    return words | limits | {name: str(int(value)) for name, value in switches.items()}


def _written(machine: Machine, key: str, config: Config) -> Iterator[Finding]:
    """Options of a drive that is there."""
    drive = _DEFAULTS | properties(config.get(key), "file")
    for option, wanted in _options(machine, key).items() if key in config else ():
        if drive[option] != wanted:
            shown = {"wanted": wanted, "found": drive[option], "cure": _cure(machine, key, option)}
            yield Finding(kind="disk", subject=machine.name, field=f"{key} {option}", hidden=False, **shown)


def _cure(machine: Machine, key: str, option: str) -> str:
    """The provider sees all of them, and would rebuild the VM for an EFI drive of another type and a TPM of another version."""
    if option in {"efitype", "version"}:
        made = ",".join([f"{machine.disk_datastore}:1", *(f"{name}={value}" for name, value in _options(machine, key).items())])
        by_hand = f"with the VM stopped: qm set {machine.vm_id} --delete {key}, then --{key} {made}; what it keeps is gone with it"
        return f"not runner deploy, which would have to make the VM anew; {by_hand}"
    if key == "efidisk0":
        return "runner deploy makes the EFI drive anew: boot entries and keys are gone with the old one"
    if option in _LIVE:
        return "runner deploy"
    lost = ": until then the guest may not find the disk, nor mount it" if option == "serial" else ""
    return f"runner deploy; the machine takes it at its next power cycle{lost}"


_MOVED = "move the disk back in Proxmox (Hardware, Disk Action, Move Storage)"


def _others(machine: Machine, config: Config, wanted: set[str]) -> Iterator[Finding]:
    """Drives that nobody planned."""
    for key in sorted(key for key in config if _DRIVE.fullmatch(key) and key not in wanted):
        drive = properties(config[key], "file")
        if is_seed(config[key]):
            continue
        if drive.get("media") == "cdrom" and drive.get("file") == "none":
            continue
        if _VOLUME.search(drive.get("file", "")):
            continue
        cure = _unlink(machine, key)
        hidden = key.startswith("unused") or key in {"efidisk0", "tpmstate0"}
        yield Finding(kind="disk", subject=machine.name, field=key, wanted="none", found=str(config[key]), hidden=hidden, cure=cure)


def _unlink(machine: Machine, key: str) -> str:
    """qemu-server, src/PVE/API2/Qemu.pm, `unlink`: what is in use becomes unused, what is unused is deleted."""
    command = f"qm disk unlink {machine.vm_id} --idlist {key}"
    if key.startswith("unused"):
        return f"it holds what was on a disk that was detached; if nobody wants that any more, {command} deletes it"
    return f"if it is not wanted: {command} (its content stays, as unused disk)"


def _seed(machine: Machine, config: Config) -> Iterator[Finding]:
    """The cloud-init drive, which the provider does not see: `initialization` is ignored, so that no edit rebuilds a machine."""
    found = ", ".join(sorted(key for key in config if _DRIVE.fullmatch(key) and is_seed(config[key]))) or "none"
    wanted = machine.seed_interface
    if found != wanted:
        command = f"qm set {machine.vm_id}"
        away = "" if found == "none" else f"{command} --delete {found.replace(' ', '')} && "
        put = f"{away}{command} --{wanted} {machine.disk_datastore}:cloudinit"
        cure = f"harmless to a machine that was set up; to have it there: {put}"
        yield Finding(kind="first-boot", subject=machine.name, field="cloud-init drive", wanted=wanted, found=found, hidden=True, cure=cure)


def _boot(machine: Machine, config: Config) -> Iterator[Finding]:
    """The first disk comes before anything else that could boot."""
    order = [key for key in properties(config.get("boot"), "order").get("order", "").split(";") if key]
    if order[:1] != [machine.disk_interface]:
        cure = f"qm set {machine.vm_id} --boot order={machine.disk_interface}"
        found = ";".join(order) or "none"
        yield Finding(
            kind="boot", subject=machine.name, field="boot order", wanted=machine.disk_interface, found=found, hidden=True, cure=cure
        )
