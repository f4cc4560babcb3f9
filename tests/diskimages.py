"""Headers of disk images, as QEMU and VMware lay them out; nothing behind them but a mark that tells one content from the next."""

from __future__ import annotations

import struct

GIB = 1024**3
_SECTOR = 512


def qcow2(
    mark: str = "", *, gib: float = 3, backing: str = "", data_file: bool = False, version: int = 3, encrypted: bool = False
) -> bytes:
    """A qcow2 of a disk of this size. `backing` names its backing file."""
    at = 512 if backing else 0
    header = b"QFI\xfb" + struct.pack(">IQIIQI", version, at, len(backing), 16, int(gib * GIB), int(encrypted))
    header = header.ljust(72, b"\0") + struct.pack(">Q", 4 if data_file else 0)
    return header.ljust(512, b"\0") + backing.encode() + mark.encode()


def vmdk(mark: str = "", *, gib: float = 3, extents: int = 1, parent: str = "") -> bytes:
    """A sparse vmdk with its descriptor inside."""
    lines = ["# Disk DescriptorFile", "version=1", 'createType="monolithicSparse"']
    lines += [f'parentFileNameHint="{parent}"'] if parent else []
    lines += [f'RW {int(gib * GIB) // _SECTOR} SPARSE "disk-{number}.vmdk"' for number in range(extents)]
    descriptor = "\n".join(lines).encode().ljust(2 * _SECTOR, b"\0")
    header = b"KDMV" + struct.pack("<IIQQQQ", 1, 3, int(gib * GIB) // _SECTOR, 128, 1, 2)
    return header.ljust(_SECTOR, b"\0") + descriptor + mark.encode()
