"""Data disks in the guest: units of systemd that make a file system where there is none, mount it, and let it grow.

Units, and not cloud-init's `fs_setup` and `mounts`: those run at the first boot only, so that a disk that is added later would stay
raw; and Ignition knows neither. `systemd-makefs` writes on an empty disk only, whatever it is told (systemd-makefs(8)).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from stardock.systems.model import ManagedFile
from stardock.systems.shared import HEAD, runs_kubernetes

if TYPE_CHECKING:
    from stardock.plan.model import Machine
    from stardock.plan.parts import DataDisk

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
    unit, make, grow = f"{escaped(mount)}.mount", f"stardock-format-{disk.name}.service", f"stardock-grow-{disk.name}.service"
    yield ManagedFile(f"{UNITS}/{make}", HEAD + _format(disk, unit))
    yield ManagedFile(f"{UNITS}/{unit}", HEAD + _mount(disk, mount, make))
    yield ManagedFile(f"{UNITS}/{grow}", HEAD + _grow(disk, mount, unit))
    yield ManagedFile(f"{UNITS}/local-fs.target.d/stardock-{disk.name}.conf", f"{HEAD}[Unit]\nWants={unit} {grow}\n")


def _format(disk: DataDisk, unit: str) -> str:
    device = f"{escaped(disk.path)}.device"
    return f"""[Unit]
Description=File system of the data disk {disk.name}, where it has none
DefaultDependencies=no
BindsTo={device}
After={device}
Before={unit} shutdown.target
Conflicts=shutdown.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/lib/systemd/systemd-makefs {disk.filesystem} {disk.path}
TimeoutStartSec=infinity
"""


def _mount(disk: DataDisk, mount: str, make: str) -> str:
    return f"""[Unit]
Description=Data disk {disk.name}
Requires={make}
After={make}

[Mount]
What={disk.path}
Where={mount}
Type={disk.filesystem}
"""


def _grow(disk: DataDisk, mount: str, unit: str) -> str:
    """At each boot and after each edit: a disk that was made larger. A new file system has no SELinux label yet, where there is SELinux."""
    return f"""[Unit]
Description=Size of the data disk {disk.name}
DefaultDependencies=no
BindsTo={unit}
After={unit}
Before=local-fs.target shutdown.target
Conflicts=shutdown.target

[Service]
Type=oneshot
ExecStart=/usr/lib/systemd/systemd-growfs {mount}
ExecStartPost=-/usr/sbin/restorecon {mount}
"""


def _kubernetes(machine: Machine, mounts: list[str]) -> Iterator[ManagedFile]:
    """A disk that is missing lets the machine boot, so that SSH answers, and keeps Kubernetes from writing beneath the mount point."""
    if mounts and runs_kubernetes(machine):
        content = f"{HEAD}[Unit]\nRequiresMountsFor={' '.join(mounts)}\n"
        yield ManagedFile(f"{UNITS}/rke2-{machine.role}.service.d/stardock-disks.conf", content)
