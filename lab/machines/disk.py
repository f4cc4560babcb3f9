"""A machine's disk: an overlay whose lower layer is the image, and in it the cloud-init drive.

`<directory>/machines/<vm id>/<generation>/{upper,work,root}`; mounts live in the lab's own mount namespace and end with it. They are
volatile: nothing waits for the host's disk, and programs may open files with O_SYNC, which nspawn's own way (--suppress-sync) refuses.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from lab.commands import run
from lab.machines.hypervisor import Guest, Seed

_SEED = "var/lib/cloud/seed/nocloud"


@dataclass(frozen=True, slots=True)
class Disk:
    """One generation of a VM's disk. `image` is the unpacked root below it."""

    folder: Path
    image: Path

    @property
    def root(self) -> Path:
        """Where the merged root is mounted."""
        return self.folder / "root"

    def mount(self) -> None:
        """Mounts it, unless it is: a guest's own reboot keeps the mount."""
        if self.root.is_mount():
            return
        for name in ("upper", "work", "root"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        (self.folder / "upper").chmod(0o755)
        shutil.rmtree(self.folder / "work" / "work" / "incompat", ignore_errors=True)  # a volatile mount's mark of a crash
        layers = f"lowerdir={_escaped(self.image)},upperdir={_escaped(self.folder / 'upper')},workdir={_escaped(self.folder / 'work')}"
        run(["mount", "-t", "overlay", "overlay", "-o", f"{layers},volatile", str(self.root)])

    def unmount(self) -> None:
        """The reverse; lazily, for a process that is still dying may hold it."""
        if self.root.is_mount():
            run(["umount", "--lazy", str(self.root)])

    def write_seed(self, seed: Seed | None) -> None:
        """What PVE does at each start: the cloud-init drive is made anew, or is not there."""
        folder = self.root / _SEED
        shutil.rmtree(folder, ignore_errors=True)
        if seed is None:
            return
        folder.mkdir(parents=True, mode=0o700)
        files = {"user-data": seed.user, "network-config": seed.network, "meta-data": seed.meta, "vendor-data": seed.vendor}
        for name, content in files.items():
            (folder / name).write_bytes(content)


def disk_of(guest: Guest, machines: Path, image: Path) -> Disk:
    """The disk that a guest has now; those of earlier generations are gone, as a re-made VM's are."""
    folder = machines / str(guest.vm_id)
    for old in folder.glob("*"):
        if old.name != guest.generation and not (old / "root").is_mount():
            shutil.rmtree(old, ignore_errors=True)
    return Disk(folder / guest.generation, image)


def _escaped(path: Path) -> str:
    """Overlay mounts split its options at commas and its lower layers at colons."""
    return str(path).replace("\\", "\\\\").replace(",", "\\,").replace(":", "\\:")
