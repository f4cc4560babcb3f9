"""A disk with Debian 12 as its genericcloud image is, kernel, initrd and netplan included: what the lab's containers cannot have.

Built once a recipe into the cache. No loop device and no mount: mke2fs fills the file system from a folder, and QEMU boots the kernel
from outside, so that no boot loader is needed.
"""

from __future__ import annotations

import hashlib
import shutil
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

from stardock.lab.cache import cache_root
from stardock.lab.mirror import Mirror, configured_mirror

#: Debian's cloud image has them, or first boot would install them: minutes without hardware to run on.
PACKAGES = (
    *(
        "apparmor",
        "apt-utils",
        "ca-certificates",
        "cloud-guest-utils",
        "cloud-init",
        "dbus",
        "e2fsprogs",
        "fdisk",
        "initramfs-tools",
        "iproute2",
    ),
    *("iptables", "linux-image-cloud-amd64", "netbase", "netplan.io", "openssh-server", "procps", "python3", "qemu-guest-agent", "sudo"),
    *("systemd-resolved", "systemd-sysv", "udev", "unattended-upgrades"),
)
#: Where the machine finds packages: QEMU forwards this address to the relay.
RELAY = "192.168.1.200", 3142
FILES = {
    "etc/apt/apt.conf.d/90relay": f'Acquire::http::Proxy "http://{RELAY[0]}:{RELAY[1]}";\nAcquire::Languages "none";\n',
    "etc/cloud/cloud.cfg.d/90_dpkg.cfg": "datasource_list: [NoCloud, None]\n",
    "etc/cloud/cloud.cfg.d/95_apt.cfg": "apt: {preserve_sources_list: true}\n",
    "etc/fstab": "/dev/sda1 / ext4 defaults 0 1\n",
    "etc/machine-id": "",
}
MIB = 1 << 20
#: Of the file system as it comes; a VM's disk is larger, and the first boot has to grow it.
SIZE_MIB = 1600


@dataclass(frozen=True, slots=True)
class VmImage:
    """The parts of a VM's image."""

    disk: Path
    kernel: Path
    initrd: Path


def vm_image() -> VmImage:
    """The image, built where the cache lacks it (one to three minutes)."""
    mirror = configured_mirror()
    sources = mirror.sources("bookworm")
    key = hashlib.sha256(repr((sources, PACKAGES, sorted(FILES.items()), SIZE_MIB)).encode()).hexdigest()[:16]
    folder = cache_root() / "images" / f"vm-{key}"
    if not folder.is_dir():
        unfinished = folder.with_name(f"{folder.name}.new")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        _build(unfinished, mirror, sources)
        unfinished.rename(folder)
    return VmImage(folder / "disk.raw", folder / "vmlinuz", folder / "initrd.img")


def _build(folder: Path, mirror: Mirror, sources: tuple[str, ...]) -> None:
    root = folder / "root"
    proxy = [f'--aptopt=Acquire::http::Proxy "{mirror.proxy}"'] if mirror.proxy else []
    include = f"--include={','.join(PACKAGES)}"
    options = ["--variant=minbase", "--format=directory", "--skip=cleanup/apt/lists", '--aptopt=APT::Install-Recommends "false"', *proxy]
    subprocess.run(["mmdebstrap", *options, include, "bookworm", str(root), *sources], check=True, capture_output=True)
    for key in (root / "etc/ssh").glob("ssh_host_*"):
        key.unlink()
    (root / "etc/apt/apt.conf.d/99mmdebstrap").unlink(missing_ok=True)
    for name, content in FILES.items():
        (root / name).write_text(content)
    (root / "etc/resolv.conf").unlink(missing_ok=True)
    (root / "etc/resolv.conf").symlink_to("../run/systemd/resolve/stub-resolv.conf")
    for name, found in (("vmlinuz", "vmlinuz-*"), ("initrd.img", "initrd.img-*")):
        shutil.copyfile(next((root / "boot").glob(found)), folder / name)
    _disk(root, folder / "disk.raw")
    shutil.rmtree(root)


def _disk(root: Path, disk: Path) -> None:
    """One partition from the first MiB on, with the file system in it."""
    with disk.open("wb") as file:
        file.truncate((1 + SIZE_MIB) * MIB)
        entry = struct.pack("<B3sB3sII", 0x80, b"\xfe\xff\xff", 0x83, b"\xfe\xff\xff", 2048, SIZE_MIB * 2048)
        file.seek(446)
        file.write(entry + bytes(48) + b"\x55\xaa")
    options = ["-q", "-t", "ext4", "-L", "root", "-d", str(root), "-E", f"offset={MIB}"]
    subprocess.run(["mke2fs", *options, str(disk), f"{SIZE_MIB}M"], check=True, capture_output=True)
