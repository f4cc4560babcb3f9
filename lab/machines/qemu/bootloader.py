"""GRUB on a disk that is a file: what `grub-install` does on a machine's own disk, here by hand, from the image's own packages.

For BIOS: boot.img in sector 0, core.img in the partition that is GRUB's. Each names the sector where the next part begins: boot.img at
0x5c, core.img's first sector (diskboot.img) in a block list at its end (GRUB: grub-core/boot/i386/pc/boot.S and diskboot.S,
include/grub/i386/pc/boot.h). For UEFI: Debian's signed shim and GRUB at the removable path, as its cloud images have them; that GRUB
reads /EFI/debian/grub.cfg.
"""

from __future__ import annotations

import shutil
import struct
import tempfile
from pathlib import Path

from lab.commands import run
from lab.errors import LabError

_SECTOR = 512
#: boot.img: its code ends where the disk's signature and the MBR's table begin.
_BOOT_CODE = 440
_KERNEL_SECTOR = 0x5C
#: diskboot.img: the first entry of its block list (start: 8 bytes, length: 2, segment: 2) is the last of the sector.
_BLOCK_LIST = _SECTOR - 12
#: Where core.img's second sector is loaded (GRUB_BOOT_MACHINE_KERNEL_SEG + 0x20).
_SEGMENT = 0x820
_MODULES = ("biosdisk", "part_gpt", "ext2")

#: As in Debian's generic image: both consoles, the last one is init's.
GRUB_CFG = """\
set timeout=0
insmod part_gpt
insmod ext2
search --no-floppy --label --set=root root
linux /vmlinuz root=LABEL=root ro console=tty0 console=ttyS0,115200 consoleblank=0
initrd /initrd.img
boot
"""
_EFI_CFG = "search --no-floppy --label --set=root root\nset prefix=($root)/boot/grub\nconfigfile $prefix/grub.cfg\n"
_SIGNED = {"BOOTX64.EFI": "usr/lib/shim/shimx64.efi.signed", "grubx64.efi": "usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed"}


def prepare(root: Path) -> None:
    """/boot/grub, and core.img made by the image's own grub-mkimage; /vmlinuz and /initrd.img name its one kernel."""
    grub = root / "boot/grub"
    grub.mkdir(exist_ok=True)
    for platform in ("i386-pc", "x86_64-efi"):
        shutil.copytree(root / "usr/lib/grub" / platform, grub / platform, dirs_exist_ok=True)
    (grub / "grub.cfg").write_text(GRUB_CFG)
    made = ["--output=/boot/grub/core.img", "--prefix=(,gpt1)/boot/grub", "--compression=auto"]
    run(["chroot", str(root), "grub-mkimage", "--format=i386-pc", *made, *_MODULES], seconds=60)
    for link, pattern in (("vmlinuz", "vmlinuz-*"), ("initrd.img", "initrd.img-*")):
        found = sorted((root / "boot").glob(pattern))
        if len(found) != 1:
            raise LabError(f"the image has {len(found)} files boot/{pattern}; it must have one")
        (root / link).unlink(missing_ok=True)
        (root / link).symlink_to(f"boot/{found[0].name}")


def embed(root: Path, disk: Path, sector: int) -> None:
    """GRUB for BIOS: boot.img in front of the partition table, core.img from `sector` on."""
    boot = (root / "usr/lib/grub/i386-pc/boot.img").read_bytes()
    core = (root / "boot/grub/core.img").read_bytes()
    with disk.open("r+b") as file:
        file.write(with_next_sector(boot, sector))
        file.seek(sector * _SECTOR)
        file.write(with_block_list(core, sector))


def with_next_sector(boot: bytes, sector: int) -> bytes:
    """boot.img's code, told where core.img begins."""
    return boot[:_KERNEL_SECTOR] + struct.pack("<Q", sector) + boot[_KERNEL_SECTOR + 8 : _BOOT_CODE]


def with_block_list(core: bytes, sector: int) -> bytes:
    """core.img in whole sectors, its first one told where the others are."""
    count = -(-len(core) // _SECTOR)
    whole = core.ljust(count * _SECTOR, b"\0")
    return whole[:_BLOCK_LIST] + struct.pack("<QHH", sector + 1, count - 1, _SEGMENT) + whole[_SECTOR:]


def fill_efi(root: Path, disk: Path, offset: int, size: int) -> None:
    """A FAT file system with what UEFI starts, copied to `offset` bytes into the disk."""
    with tempfile.TemporaryDirectory() as folder:
        part, config = Path(folder, "efi"), Path(folder, "grub.cfg")
        config.write_text(_EFI_CFG)
        run(["mkfs.vfat", "-C", "-n", "EFI", "-F", "16", str(part), str(size // 1024)])
        run(["mmd", "-i", str(part), "::EFI", "::EFI/BOOT", "::EFI/debian"])
        files = {name: root / file for name, file in _SIGNED.items()}
        for target, source in {**{f"EFI/BOOT/{name}": file for name, file in files.items()}, "EFI/debian/grub.cfg": config}.items():
            run(["mcopy", "-i", str(part), str(source), f"::{target}"])
        with disk.open("r+b") as file:
            file.seek(offset)
            file.write(part.read_bytes())
