"""What `qemu-img info` tells PVE of a disk image, and why PVE refuses one (PVE::Storage::Plugin::file_size_info, `untrusted`).

qcow2 by QEMU's docs/interop/qcow2.txt; vmdk by VMware's Virtual Disk Format 1.1, sparse with its descriptor inside.
"""

from __future__ import annotations

import re
import struct

from lab.pve.errors import TaskError

_SECTOR = 512
_QCOW2, _SPARSE, _DESCRIPTOR = b"QFI\xfb", b"KDMV", b"# Disk DescriptorFile"
_QUERY = "failed to query file information with qemu-img"


def check(path: str, content: bytes) -> None:
    """Refuse what is not what its ending says, and what leads to another file. Raises TaskError with PVE's words."""
    if path.endswith(".qcow2"):
        _check_qcow2(path, content)
    elif path.endswith(".vmdk"):
        _check_vmdk(path, content)


def virtual_size(content: bytes) -> int:
    """The size of the disk in bytes."""
    if content.startswith(_QCOW2):
        return int(struct.unpack_from(">Q", content, 24)[0])
    if content.startswith(_SPARSE):
        return int(struct.unpack_from("<Q", content, 12)[0]) * _SECTOR
    return len(content)


def _check_qcow2(path: str, content: bytes) -> None:
    if not content.startswith(_QCOW2) or len(content) < 72:  # noqa: PLR2004 - bytes of a header of version 2
        raise TaskError(_QUERY)
    version, backing = struct.unpack_from(">IQ", content, 4)
    if version not in {2, 3}:
        raise TaskError(_QUERY)
    (features,) = struct.unpack_from(">Q", content, 72) if version > 2 else (0,)  # noqa: PLR2004 - of version 3
    if features & 4:
        raise TaskError(f"{path}: 'data-file' references are not allowed!")
    if backing:
        raise TaskError(f"backing file not allowed for untrusted image '{path}'!")


def _check_vmdk(path: str, content: bytes) -> None:
    if content.startswith(_DESCRIPTOR):  # its extents are files beside it, which were not uploaded
        raise TaskError(_QUERY)
    if not content.startswith(_SPARSE) or len(content) < _SECTOR:
        raise TaskError(_QUERY)
    at, length = struct.unpack_from("<QQ", content, 28)
    descriptor = content[at * _SECTOR : (at + length) * _SECTOR]
    if len(re.findall(rb"^(?:RW|RDONLY|NOACCESS) \d+ ", descriptor, re.MULTILINE)) > 1:
        raise TaskError(f"{path}: multiple children or extents are not allowed!")
    if b"parentFileNameHint=" in descriptor:
        raise TaskError(f"backing file not allowed for untrusted image '{path}'!")
