"""What must be there before a lab with VMs comes up: their images, the stand-in's programs as a drive, QEMU itself."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from lab.errors import LabError
from lab.machines.qemu.image import Kernel, disk_image
from lab.machines.qemu.tools import tools_image
from lab.machines.qemu.volumes import image_key
from lab.network.mirror import Mirror
from lab.settings import LabSettings

_TUN = Path("/dev/net/tun")
#: Program -> the Debian package that brings it.
_PROGRAMS = {"qemu-system-x86_64": "qemu-system-x86", "qemu-img": "qemu-utils", "genisoimage": "genisoimage"}


def prepared(settings: LabSettings, mirror: Mirror) -> LabSettings:
    """The settings with what was built for `settings.vms`. Raises LabError for an image that the lab cannot stand in for."""
    if missing := {package for program, package in _PROGRAMS.items() if shutil.which(program) is None}:
        raise LabError("a lab with VMs needs QEMU", "apt-get install " + " ".join(sorted(missing)))
    if not _TUN.exists():
        raise LabError(f"{_TUN} is missing: VMs have their NICs' host side from it", "modprobe tun")
    keys = {_key(name, image) for name, image in settings.vms.items()}
    images = {f"{release}-{kernel}": str(disk_image(mirror, release, kernel)) for release, kernel in sorted(keys)}
    tools = tools_image()
    return replace(settings, vm_images=images, vm_tools=str(tools) if tools else "")


def _key(machine: str, image: str) -> tuple[str, Kernel]:
    key = image_key(image)
    if key is None:
        raise LabError(
            f"--vm {machine}: the lab has no disk that boots in place of {image}", "only Debian's generic and genericcloud images"
        )
    release, _, kernel = key.partition("-")
    return release, "cloud" if kernel == "cloud" else "generic"
