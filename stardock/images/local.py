"""An image on this machine: its checksum, how large its disk is, and whether PVE would import it. Told before the upload, not after it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from shlex import quote

from stardock.errors import ConditionError
from stardock.images.header import BrokenImageError, DiskImage, read_header


def local_checksum(path: Path) -> str:
    """`sha256:HEX` of the file. ConditionError when it cannot be read."""
    try:
        with path.open("rb") as file:
            return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
    except OSError as error:
        raise _unreadable(path, error) from error


def importable(path: Path, name: str) -> DiskImage:
    """What the file's header says; `name` is what it will be called.

    ConditionError when it is not there, not what the name says, or what PVE refuses to import.
    """
    try:
        with path.open("rb") as file:
            image = read_header(file)
    except OSError as error:
        raise _unreadable(path, error) from error
    except BrokenImageError as error:
        raise ConditionError(f"{path} is no disk image: {error}", cure="make or download it again") from error
    _refuse_wrong_kind(path, name, image.kind)
    if image.leads_to:
        message = f"{path} needs {image.leads_to}, which PVE refuses to import"
        raise ConditionError(message, cure=_whole(path, image.kind))
    if image.encrypted:
        raise ConditionError(f"{path} is encrypted, and PVE has no key to it", cure=_whole(path, image.kind))
    return image


def _unreadable(path: Path, error: OSError) -> ConditionError:
    return ConditionError(f"{path}: {error.strerror}", cure="write in `image.file` where it is, relative to cluster.yaml")


def _whole(path: Path, kind: str) -> str:
    """The command that makes one file of it, where its parent or extents are."""
    source = {".qcow2": "qcow2", ".vmdk": "vmdk"}[kind]
    whole = path.with_name(f"{path.stem}-whole.qcow2")
    return (
        f"make one file of it: qemu-img convert -f {source} -O qcow2 {quote(str(path))} {quote(str(whole))}, and name that in `image.file`"
    )


def _refuse_wrong_kind(path: Path, name: str, kind: str) -> None:
    """PVE goes by the ending, and looks only after the whole upload."""
    if not name.endswith(kind):
        wanted = name.rpartition(".")[2]
        unknown = kind == ".raw"
        message = f"{path} is no {wanted} image" + ("" if unknown else f": it begins as {kind[1:]} does")
        say = f"file_name: {Path(name).stem}{kind}"
        raise ConditionError(message, cure=f"fetch it again or unpack it; only a raw disk: {say}" if unknown else f"say what it is: {say}")
