"""A VM's volumes as files: its first disk over the image that it was imported from, data disks empty, each as large as PVE says."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lab.commands import run
from lab.errors import LabError
from lab.machines.hypervisor import Guest, Volume
from lab.machines.qemu.board import is_q35
from lab.machines.qemu.command import Firmware, has_uefi
from lab.machines.qemu.drives import File, drives
from lab.machines.qemu.iso import write_iso

#: How Debian names its cloud images; PVE's import volumes keep the name.
IMAGE = re.compile(r"debian-(?P<release>\d+)-generic(?P<cloud>cloud)?-amd64")
_OVMF = Path("/usr/share/OVMF")


def image_key(name: str) -> str | None:
    """`13-generic`, `12-cloud`: the image that stands for one of this file name or URL; None where the lab has none for it."""
    found = IMAGE.search(name)
    return f"{found['release']}-{'cloud' if found['cloud'] else 'generic'}" if found else None


@dataclass(frozen=True, slots=True)
class Volumes:
    """The folder of one VM. `images`: what the lab built, by `image_key`."""

    folder: Path
    images: Mapping[str, str]

    def prepare(self, guest: Guest) -> dict[str, File]:
        """Makes what is missing, grows what PVE grew, makes the cloud-init drive anew. Raises LabError."""
        self.folder.mkdir(parents=True, exist_ok=True)
        files = {name: self._file(name, volume) for name, volume in guest.volumes.items() if not name.endswith("-cloudinit")}
        self._forget({file.path for file in files.values()})
        variables = str(guest.config.get("efidisk0", "")).partition(",")[0]
        for name, file in files.items():
            if name == variables:
                _ensure_variables(guest, file)
            else:
                self._ensure_disk(guest.volumes[name], file)
        return files | self._seed(guest)

    def _file(self, name: str, volume: Volume) -> File:
        plain = re.sub(r"[^A-Za-z0-9.-]", "_", name)
        return File(self.folder / f"{plain}.{volume.generation}", "raw" if _is_tiny(volume) else "qcow2")

    def _forget(self, kept: set[Path]) -> None:
        """Files of volumes that are gone, or were made anew."""
        for file in self.folder.iterdir():
            if file.is_file() and file not in kept and not file.name.endswith((".log", ".iso")):
                file.unlink()

    def _ensure_disk(self, volume: Volume, file: File) -> None:
        if not file.path.exists():
            base = ["-b", self._base(volume), "-F", "raw"] if volume.image else []
            run(["qemu-img", "create", "-q", "-f", "qcow2", *base, str(file.path), str(volume.size)])
        size = json.loads(run(["qemu-img", "info", "--output=json", str(file.path)]))["virtual-size"]
        if size < volume.size:
            run(["qemu-img", "resize", "-q", str(file.path), str(volume.size)])

    def _base(self, volume: Volume) -> str:
        key = image_key(volume.image)
        if key is None or key not in self.images:
            raise LabError(
                f"the lab has no disk that boots in place of {volume.image}", "runner lab down, then up --vm with this VM's name"
            )
        return self.images[key]

    def _seed(self, guest: Guest) -> dict[str, File]:
        name = next((drive.volume for drive in drives(guest.config) if drive.volume.endswith("-cloudinit")), None)
        if name is None or guest.seed is None:
            return {}
        write_iso(guest.config, guest.seed, self.folder / "seed.iso")
        return {name: File(self.folder / "seed.iso", "raw")}


def _is_tiny(volume: Volume) -> bool:
    """UEFI's variables are one extent, and a file of the firmware's own size."""
    return volume.size == 4 << 20


def firmware(guest: Guest, files: Mapping[str, File]) -> Firmware | None:
    """UEFI's program as PVE chooses it: the one with SMM on q35. Raises LabError where OVMF has no disk for its variables."""
    if not has_uefi(guest.config):
        return None
    name, *options = str(guest.config.get("efidisk0", "")).split(",")
    if name not in files:
        raise LabError("bios: ovmf without efidisk0: the lab keeps no temporary variables")
    size = "_4M" if "efitype=4m" in options else ""
    code = _OVMF / f"OVMF_CODE{size}{'.secboot' if is_q35(guest.config) and size else ''}.fd"
    if not code.exists():
        raise LabError(f"{code} is missing", "apt-get install ovmf")
    return Firmware(code, files[name])


def _ensure_variables(guest: Guest, file: File) -> None:
    if not file.path.exists():
        _, *options = str(guest.config["efidisk0"]).split(",")
        size = "_4M" if "efitype=4m" in options else ""
        shutil.copyfile(_OVMF / f"OVMF_VARS{size}{'.ms' if 'pre-enrolled-keys=1' in options else ''}.fd", file.path)
