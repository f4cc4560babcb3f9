"""Data disks in the guest: units of systemd that make a file system where there is none, mount it, and let it grow.

Units, and not cloud-init's `fs_setup` and `mounts`: those run at the first boot only, so that a disk that is added later would stay
raw; and Ignition knows neither. `systemd-makefs` writes on an empty disk only, whatever it is told (systemd-makefs(8)).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from stardock.distributions import DEFAULT_NAME, distribution
from stardock.systems.managed import ManagedFile
from stardock.systems.scripts import filled

if TYPE_CHECKING:
    from stardock.model.machine import Machine
    from stardock.model.parts import DataDisk

UNITS = "/etc/systemd/system"

#: Reads the units, and starts what local-fs.target newly wants; what runs already stays as it is.
APPLY = ("systemctl daemon-reload", "systemctl start local-fs.target")

#: What brings mkfs; a system without packages has both.
PACKAGES = {"ext4": "e2fsprogs", "xfs": "xfsprogs"}


@cache
def escaped(path: str) -> str:
    """A path as the name of a unit (systemd-escape --path)."""
    text = path.strip("/")
    return "".join("-" if char == "/" else char if re.fullmatch(r"[A-Za-z0-9:_.]", char) else f"\\x{ord(char):02x}" for char in text)


def files(machine: Machine) -> tuple[ManagedFile, ...]:
    """The units of all data disks that are mounted."""
    mounted = [(disk, disk.mount) for disk in machine.data_disks if disk.mount is not None]
    every = [file for disk, mount in mounted for file in _units(disk, mount)]
    return (*every, *_kubernetes(machine, [mount for _, mount in mounted]))


def packages(machine: Machine) -> tuple[str, ...]:
    """What makes the file systems."""
    return tuple(dict.fromkeys(PACKAGES[disk.filesystem] for disk in machine.data_disks if disk.mount is not None))


def commands(machine: Machine) -> tuple[str, ...]:
    """What the first boot runs once the units are written."""
    return APPLY if any(disk.mount for disk in machine.data_disks) else ()


def _units(disk: DataDisk, mount: str) -> Iterator[ManagedFile]:
    names = {
        "mount_unit": f"{escaped(mount)}.mount",
        "format_unit": f"stardock-format-{disk.name}.service",
        "grow_unit": f"stardock-grow-{disk.name}.service",
    }
    values = {"disk": disk, "mount": mount, "device": f"{escaped(disk.path)}.device", **names}
    yield ManagedFile(f"{UNITS}/{names['format_unit']}", filled("data-disk-format.service.j2", **values))
    yield ManagedFile(f"{UNITS}/{names['mount_unit']}", filled("data-disk.mount.j2", **values))
    yield ManagedFile(f"{UNITS}/{names['grow_unit']}", filled("data-disk-grow.service.j2", **values))
    yield ManagedFile(f"{UNITS}/local-fs.target.d/stardock-{disk.name}.conf", filled("data-disk-wanted.conf.j2", **values))


def _kubernetes(machine: Machine, mounts: list[str]) -> Iterator[ManagedFile]:
    """A disk that is missing lets the machine boot, so that SSH answers, and keeps Kubernetes from writing beneath the mount point."""
    if mounts and machine.role != "loadbalancer":
        path = f"{UNITS}/{distribution(machine.kubernetes or DEFAULT_NAME).services[machine.role]}.d/stardock-disks.conf"
        yield ManagedFile(path, filled("data-disks-required.conf.j2", mounts=mounts))
