"""A local image is looked at before it is uploaded: PVE would refuse it afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest

from stardock.errors import ConditionError
from stardock.images.local import importable
from tests.diskimages import GIB, qcow2, vmdk

pytestmark = pytest.mark.unit


@pytest.mark.proves("reality A6")
@pytest.mark.parametrize(
    ("name", "content", "size"),
    [
        ("x.qcow2", qcow2(gib=3.5), int(3.5 * GIB)),
        ("x.qcow2", qcow2(gib=2, version=2), 2 * GIB),
        ("x.vmdk", vmdk(gib=5), 5 * GIB),
        ("x.raw", bytes(4096), 4096),
    ],
)
def test_the_size_of_an_images_disk_is_read_from_its_header(tmp_path: Path, name: str, content: bytes, size: int) -> None:
    (tmp_path / name).write_bytes(content)
    assert importable(tmp_path / name, name).virtual_bytes == size


@pytest.mark.proves("reality A4")
@pytest.mark.parametrize(
    ("name", "content", "message", "cure"),
    [
        (
            "x.qcow2",
            qcow2(backing="base.qcow2"),
            "needs the backing file 'base.qcow2', which PVE refuses",
            "qemu-img convert -f qcow2 -O qcow2",
        ),
        ("x.qcow2", qcow2(data_file=True), "needs a data file, which PVE refuses", "qemu-img convert -f qcow2 -O qcow2"),
        ("x.vmdk", vmdk(extents=2), "needs its further extents, which PVE refuses", "qemu-img convert -f vmdk -O qcow2"),
        ("x.vmdk", vmdk(parent="base.vmdk"), "needs the parent 'base.vmdk', which PVE refuses", "qemu-img convert -f vmdk"),
        ("x.vmdk", b"# Disk DescriptorFile\nversion=1\n", "needs its extents, which are files of their own", "qemu-img convert -f vmdk"),
        ("x.qcow2", qcow2(encrypted=True), "is encrypted", "qemu-img convert"),
        ("x.qcow2", b"QFI\xfb cut off", "is no disk image: its header is cut off", "again"),
        ("x.qcow2", qcow2(version=9), "it is of version 9", "again"),
        ("x.qcow2", qcow2(backing="a\x1b[31mb"), "'a\\x1b[31mb'", "qemu-img convert"),
        ("x.qcow2", vmdk(), "is no qcow2 image: it begins as vmdk does", "file_name: x.vmdk"),
        ("x.raw", qcow2(), "is no raw image: it begins as qcow2 does", "file_name: x.qcow2"),
        ("x.qcow2", b"\xfd7zXZ\0 packed", "is no qcow2 image", "unpack it"),
    ],
)
def test_what_pve_refuses_to_import_is_refused_before_the_upload_with_the_cure(
    tmp_path: Path, name: str, content: bytes, message: str, cure: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ConditionError) as caught:
        importable(tmp_path / name, name)
    assert message in caught.value.message
    assert cure in (caught.value.cure or "")
