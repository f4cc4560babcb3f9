"""The header of a disk image: how large its disk is, and why PVE would not import it.

PVE looks at an image with `qemu-img info` once it has all of it, and refuses what leads to another file: a backing file or data file of
qcow2, a parent of vmdk, more than one extent (pve-storage: PVE::Storage::Plugin::file_size_info, `untrusted`). Layouts: QEMU's
docs/interop/qcow2.txt; VMware's Virtual Disk Format 1.1.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from typing import BinaryIO

#: What a file begins with, by its format; what begins otherwise is raw.
MAGIC = {".qcow2": (b"QFI\xfb",), ".vmdk": (b"KDMV", b"# Disk DescriptorFile")}

_SECTOR = 512
#: Bytes of a qcow2 header as far as its features; of one of version 2 the last eight are something else.
_QCOW2_BYTES, _QCOW2_3 = 80, 3
_DATA_FILE = 1 << 2
#: A vmdk's descriptor is text of some kilobytes.
_DESCRIPTOR_BYTES = 64 << 10
_EXTENT = re.compile(rb"^(?:RW|RDONLY|NOACCESS) \d+ \w+", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class DiskImage:
    """`kind` is an ending of `MAGIC`, or .raw; `virtual_bytes` is the disk's size; `leads_to` says in words which other file is needed."""

    kind: str
    virtual_bytes: int
    leads_to: str | None = None
    encrypted: bool = False


class BrokenImageError(ValueError):
    """The file begins as an image does and is none."""


def read_header(file: BinaryIO) -> DiskImage:
    """Read what an open file's header says. Raises BrokenImageError, OSError."""
    beginning = file.read(_SECTOR)
    if beginning.startswith(MAGIC[".qcow2"]):
        return _qcow2(file, beginning)
    if beginning.startswith(b"KDMV"):
        return _sparse(file, beginning)
    if beginning.startswith(MAGIC[".vmdk"]):
        return DiskImage(".vmdk", 0, "its extents, which are files of their own")
    return DiskImage(".raw", file.seek(0, 2))


def _qcow2(file: BinaryIO, beginning: bytes) -> DiskImage:
    """Version 2 or 3, big-endian."""
    if len(beginning) < _QCOW2_BYTES:
        raise BrokenImageError("its header is cut off")
    version, at, length, _, size, crypt = struct.unpack_from(">IQIIQI", beginning, 4)
    if version not in (2, _QCOW2_3):
        raise BrokenImageError(f"it is of version {version}, which qemu-img does not know")
    (features,) = struct.unpack_from(">Q", beginning, 72) if version == _QCOW2_3 else (0,)
    leads_to = None
    if at:
        file.seek(at)
        leads_to = f"the backing file {_printable(file.read(min(length, 1023)))}"
    elif features & _DATA_FILE:
        leads_to = "a data file"
    return DiskImage(".qcow2", size, leads_to, encrypted=crypt != 0)


def _sparse(file: BinaryIO, beginning: bytes) -> DiskImage:
    """A sparse extent with the descriptor in it, little-endian."""
    if len(beginning) < _SECTOR:
        raise BrokenImageError("its header is cut off")
    capacity, _, at, length = struct.unpack_from("<QQQQ", beginning, 12)
    file.seek(at * _SECTOR)
    descriptor = file.read(min(length * _SECTOR, _DESCRIPTOR_BYTES)) if at else b""
    parent = re.search(rb'^parentFileNameHint="([^"]*)"', descriptor, re.MULTILINE)
    leads_to = f"the parent {_printable(parent[1])}" if parent else None
    if len(_EXTENT.findall(descriptor)) > 1:
        leads_to = "its further extents"
    return DiskImage(".vmdk", capacity * _SECTOR, leads_to)


def _printable(name: bytes) -> str:
    return repr(name.decode("utf-8", errors="replace"))
