"""An image on this machine: its checksum, and whether it is what its name says."""

from __future__ import annotations

import hashlib
from pathlib import Path

from stardock.errors import ConditionError

#: What qcow2 images begin with (its specification: the header's magic).
QCOW2 = b"QFI\xfb"
VMDK = (b"KDMV", b"# Disk DescriptorFile")


def local_checksum(path: Path, name: str) -> str:
    """`sha256:HEX` of the file; `name` is what it will be called. ConditionError when it is not there or not what the name says."""
    try:
        with path.open("rb") as file:
            _refuse_wrong_kind(path, name, file.read(len(VMDK[1])))
            file.seek(0)
            return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
    except OSError as error:
        raise ConditionError(f"{path}: {error.strerror}", cure="write in `image.file` where it is, relative to cluster.yaml") from error


def _refuse_wrong_kind(path: Path, name: str, beginning: bytes) -> None:
    """PVE looks too, but only after the whole upload."""
    kind = ".qcow2" if beginning.startswith(QCOW2) else ".vmdk" if beginning.startswith(VMDK) else ".raw"
    if not name.endswith(kind):
        message = (
            f"{path} is no {name.rpartition('.')[2]} image: it begins as {kind[1:]} does"
            if kind != ".raw"
            else f"{path} is no {name.rpartition('.')[2]} image"
        )
        raise ConditionError(message, cure=f"say what it is: file_name: {Path(name).stem}{kind}, or unpack it if it is packed")
