"""Disks that boot by themselves: Debian with one of its own kernels and its own GRUB, for BIOS and UEFI; built once a recipe.

Laid out as Debian's cloud images are: the root file system is partition 1 and the last on the disk (so that it can grow), GRUB's own place
is partition 14, UEFI's partition 15. No loop device and no mount: mmdebstrap fills a folder, mke2fs makes the file system of it, sgdisk
writes the table, and GRUB's two stages for BIOS are put in place by `bootloader`.

As in Debian's generic image there is no guest agent: first boot installs it. What differs from that image is in docs/lab.md.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from lab.cache import cache_root
from lab.commands import run
from lab.errors import LabError
from lab.machines.qemu import bootloader
from lab.network.mirror import Mirror
from lab.network.relay_address import RELAY_URL

Kernel = Literal["cloud", "generic"]
#: Debian's packages of the two kernels; images named genericcloud have the first, those named generic the second.
_KERNELS: dict[Kernel, str] = {"cloud": "linux-image-cloud-amd64", "generic": "linux-image-amd64"}
_RELEASES = {"12": "bookworm", "13": "trixie"}
_PACKAGES = (
    *("apparmor", "ca-certificates", "cloud-guest-utils", "cloud-init", "curl", "dbus", "e2fsprogs", "fdisk", "initramfs-tools"),
    *("grub-efi-amd64-bin", "grub-efi-amd64-signed", "grub-pc-bin", "grub2-common", "shim-signed"),
    *("iproute2", "iputils-ping", "kmod", "less", "libnss-resolve", "netbase", "netplan.io", "openssh-server", "openssl", "procps"),
    *("python3", "python3-apt", "sudo", "systemd-resolved", "systemd-sysv", "systemd-timesyncd", "udev", "unattended-upgrades", "zstd"),
)
#: Would fetch by themselves.
_DISABLED = ("apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "e2scrub_all.timer", "fstrim.timer")
#: The stand-in's programs: a drive that PVE knows nothing of.
TOOLS_LABEL = "stardock-lab"
_TOOLS_MOUNT = r"opt-stardock\x2dlab-bin.mount"
_FILES = {
    "etc/apt/apt.conf.d/90lab": f'Acquire::http::Proxy "{RELAY_URL}";\nAcquire::Languages "none";\nAPT::Install-Recommends "false";\n',
    "etc/cloud/cloud.cfg.d/95_lab.cfg": "apt: {preserve_sources_list: true}\n",
    "etc/dpkg/dpkg.cfg.d/lab": "force-unsafe-io\n",
    "etc/fstab": "LABEL=root / ext4 rw,discard,errors=remount-ro 0 1\nLABEL=EFI /boot/efi vfat defaults 0 0\n",
    "etc/machine-id": "",
    f"etc/systemd/system/{_TOOLS_MOUNT}": (
        "[Unit]\nDescription=Programs of the lab's stand-in\n"
        f"[Mount]\nWhat=/dev/disk/by-label/{TOOLS_LABEL}\nWhere=/opt/stardock-lab/bin\nType=ext4\nOptions=ro,nodev\n"
        "[Install]\nWantedBy=multi-user.target\n"
    ),
}
_APT = ('Acquire::Languages "none"', 'APT::Install-Recommends "false"', 'Acquire::Retries "3"')
_UNNEEDED = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*", "/usr/share/info/*")

MIB = 1 << 20
#: The virtual size of Debian's cloud images.
SIZE_BYTES = 3 << 30
_SECTOR = 512
#: First and last sector of each partition but the root; type codes are sgdisk's.
_GRUB, _EFI, _ROOT_START = (2048, 8191), (8192, 262143), 262144
_COMMANDS = {"mke2fs": "e2fsprogs", "mkfs.vfat": "dosfstools", "mcopy": "mtools", "sgdisk": "gdisk"}


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that decides what an image is; its key is the hash of this."""

    release: str
    kernel: Kernel
    sources: tuple[str, ...]
    revision: int = 1

    @property
    def packages(self) -> tuple[str, ...]:
        """What is installed beside the essential ones."""
        return (*_PACKAGES, _KERNELS[self.kernel])

    @property
    def key(self) -> str:
        """16 hexadecimal digits; a changed recipe is another image beside the old one."""
        parts = (self, self.packages, _DISABLED, sorted(_FILES.items()), _APT, _UNNEEDED, bootloader.GRUB_CFG, SIZE_BYTES)
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def recipe(mirror: Mirror, release: str, kernel: Kernel) -> Recipe:
    """The recipe of one Debian release ("12", "13") with one of its kernels. Raises LabError for another release."""
    if release not in _RELEASES:
        raise LabError(f"the lab builds no Debian {release} for VMs", f"it builds {', '.join(_RELEASES)}")
    return Recipe(release, kernel, mirror.sources(_RELEASES[release]))


def disk_image(mirror: Mirror, release: str, kernel: Kernel) -> Path:
    """The raw image, built if the cache lacks it (two to four minutes). Never write into it: it is what VMs' disks are based on."""
    wanted = recipe(mirror, release, kernel)
    folder = cache_root() / "images" / f"vm-{wanted.key}"
    with _alone(folder):
        if not (folder / "disk.raw").exists():
            _build(wanted, folder, mirror.proxy)
    return folder / "disk.raw"


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _build(wanted: Recipe, folder: Path, proxy: str | None) -> None:
    missing = sorted(package for command, package in _COMMANDS.items() if shutil.which(command) is None)
    if missing:
        raise LabError("programs to build a VM's image are missing", "apt-get install " + " ".join(missing))
    root = folder / "root"
    shutil.rmtree(root, ignore_errors=True)
    with (folder / "log").open("wb") as log:
        argv = _mmdebstrap(wanted, root, proxy)
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False)
    if done.returncode:
        words = (folder / "log").read_text(errors="replace").strip().splitlines()[-5:]
        raise LabError(f"the image did not build: {' | '.join(words)}", f"the whole log is {folder}/log")
    _finish(root)
    bootloader.prepare(root)
    unfinished = folder / "disk.new"
    _write_disk(root, unfinished)
    shutil.rmtree(root)
    unfinished.rename(folder / "disk.raw")


def _mmdebstrap(wanted: Recipe, root: Path, proxy: str | None) -> list[str]:
    apt = [*_APT, *([f'Acquire::http::Proxy "{proxy}"'] if proxy else [])]
    return [
        "mmdebstrap", "--variant=minbase", "--format=directory", "--skip=cleanup/apt/lists",
        *(f"--aptopt={option}" for option in apt), "--dpkgopt=force-unsafe-io",
        *(f"--dpkgopt=path-exclude={pattern}" for pattern in _UNNEEDED),
        f"--include={','.join(wanted.packages)}",
        _RELEASES[wanted.release], str(root), *wanted.sources,
    ]  # fmt: skip


def _finish(root: Path) -> None:
    """What every machine must make anew is taken away."""
    for key in (root / "etc/ssh").glob("ssh_host_*"):
        key.unlink()
    (root / "etc/apt/apt.conf.d/99mmdebstrap").unlink(missing_ok=True)
    for name, content in _FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)
    for folder in ("boot/efi", "opt/stardock-lab/bin"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    for unit in _DISABLED:
        (root / "etc/systemd/system/timers.target.wants" / unit).unlink(missing_ok=True)
    run(["systemctl", f"--root={root}", "enable", "systemd-networkd.service", "systemd-resolved.service", _TOOLS_MOUNT])
    (root / "etc/resolv.conf").unlink(missing_ok=True)
    (root / "etc/resolv.conf").symlink_to("../run/systemd/resolve/stub-resolv.conf")


def _write_disk(root: Path, disk: Path) -> None:
    """Table, GRUB, UEFI's partition, root file system: into one sparse file."""
    disk.unlink(missing_ok=True)
    disk.touch()
    os.truncate(disk, SIZE_BYTES)
    run([
        "sgdisk", f"--new=14:{_GRUB[0]}:{_GRUB[1]}", "--typecode=14:ef02", f"--new=15:{_EFI[0]}:{_EFI[1]}", "--typecode=15:ef00",
        f"--new=1:{_ROOT_START}:0", "--typecode=1:8304", str(disk),
    ])  # fmt: skip
    bootloader.embed(root, disk, _GRUB[0])
    bootloader.fill_efi(root, disk, _EFI[0] * _SECTOR, (_EFI[1] - _EFI[0] + 1) * _SECTOR)
    size_kib = (SIZE_BYTES - _ROOT_START * _SECTOR - MIB) // 1024
    options = ["-q", "-t", "ext4", "-L", "root", "-O", "^metadata_csum_seed,^orphan_file", "-d", str(root)]
    run(["mke2fs", *options, "-E", f"offset={_ROOT_START * _SECTOR}", str(disk), f"{size_kib}k"], seconds=300)
