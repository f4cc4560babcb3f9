"""A cgroup of its own for every machine, in each hierarchy that this kernel offers (v1, hybrid or v2).

Machines in one cgroup break systemd in them: it then finds processes that it cannot see and cannot end a unit's children.
Folders stay behind when their processes are killed; whoever outlives the lab takes them away.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from lab.patience import patient

_MOUNT = Path("/sys/fs/cgroup")
#: the hierarchies of a v1 or hybrid system: systemd in a machine uses some, a kubelet all that there are
_V1 = ("systemd", "unified", "memory", "cpu", "cpuacct", "cpuset", "blkio", "devices", "freezer", "pids")
#: what a kubelet on v2 asks of them
_V2_CONTROLLERS = ("cpu", "cpuset", "io", "memory", "pids")


@dataclass(frozen=True, slots=True)
class LabGroup:
    """The cgroup folders of one lab. `lab_id` is unique on this machine."""

    lab_id: str

    @property
    def roots(self) -> tuple[Path, ...]:
        """The lab's folder in each hierarchy, existing or not."""
        if (_MOUNT / "cgroup.controllers").exists():
            return (_MOUNT / f"stardock-{self.lab_id}",)
        return tuple(_MOUNT / name / f"stardock-{self.lab_id}" for name in _V1 if (_MOUNT / name).is_dir())

    def create(self, machine: str, memory_mib: int) -> tuple[Path, ...]:
        """Makes a machine's folders, limited in memory where the kernel lets us, and gives the files that a process enters them by."""
        folders = [root / machine for root in self.roots]
        for folder in folders:
            _hand_down(folder.parent)
            folder.mkdir(parents=True, exist_ok=True)
            _fill_cpuset(folder)
            _limit(folder, memory_mib * 1024 * 1024)
        return tuple(folder / "cgroup.procs" for folder in folders)

    def remove(self, machine: str = "", seconds: float = 5) -> bool:
        """Takes away a machine's folders, or the whole lab's; False when processes still hold one after `seconds`, scaled by patience."""
        deadline = time.monotonic() + patient(seconds)
        while remaining := [root / machine for root in self.roots if (root / machine).is_dir()]:
            for folder in remaining:
                _remove_tree(folder)
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True


def _hand_down(lab: Path) -> None:
    """v2 only: a child has a controller's files when every folder above it hands the controller down."""
    if (_MOUNT / "cgroup.controllers").exists():
        lab.mkdir(exist_ok=True)
        for folder, name in ((folder, name) for folder in (_MOUNT, lab) for name in _V2_CONTROLLERS):
            with suppress(OSError):
                (folder / "cgroup.subtree_control").write_text(f"+{name}")


def _fill_cpuset(folder: Path) -> None:
    """v1 only: a new folder of this hierarchy has no CPUs, and no process may enter it until somebody says which."""
    for child in (folder.parent, folder):
        for name in ("cpuset.cpus", "cpuset.mems"):
            if (child / name).exists():
                (child / name).write_text((child.parent / name).read_text())


def _limit(folder: Path, size: int) -> None:
    for name in ("memory.limit_in_bytes", "memory.max"):
        if (folder / name).exists():
            with suppress(OSError):
                (folder / name).write_text(str(size))


def _remove_tree(folder: Path) -> None:
    """cgroupfs: only empty folders go, deepest first; the files in them are the kernel's."""
    with suppress(OSError):
        for child in folder.iterdir():
            if child.is_dir():
                _remove_tree(child)
    with suppress(OSError):
        folder.rmdir()
