"""Images: what download-url and upload put into a storage.

Nothing is ever fetched: under any URL, the emulated PVE records a placeholder, which stands for the root that the lab built locally, and
says so in the task's log. Only files of the lab's own (the catalog, POST /lab/catalog) have a content, and only theirs is checked against
the checksum that was given.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from lab.pve import diskimages
from lab.pve.errors import TaskError
from lab.pve.state import State
from lab.pve.tasks import Log

_MARK = b"stardock lab: in place of "
_DECOMPRESSORS = frozenset({"gz", "lzo", "zst", "bz2"})
#: The virtual size of an image that is only a placeholder: Debian's cloud images have it.
PLACEHOLDER_BYTES = 3 * 1024**3


def placeholder(url: str) -> bytes:
    """What lies on the storage instead of the image behind `url`."""
    return _MARK + url.encode() + b"\n"


def placeholder_url(content: bytes) -> str | None:
    """The URL that a placeholder stands for; None for a real content."""
    return content.removeprefix(_MARK).decode(errors="replace").strip() if content.startswith(_MARK) else None


def content_of(state: State, url: str) -> bytes:
    """What a download of `url` brings: the catalog's file, or the placeholder."""
    named = state.catalog.get(url)
    return Path(named).read_bytes() if named else placeholder(url)


def virtual_size(content: bytes) -> int:
    """The size in bytes of a disk that is imported from an image with this content."""
    return PLACEHOLDER_BYTES if content.startswith(_MARK) else diskimages.virtual_size(content)


def metadata(state: State, url: str) -> dict[str, object]:
    """As GET .../query-url-metadata tells it."""
    name = Path(urlsplit(url).path).name
    return {"filename": name, "size": len(content_of(state, url)), "mimetype": "application/octet-stream"}


def download(state: State, place: Path, parameters: Mapping[str, str], log: Log) -> None:
    """The worker of download-url (PVE::Tools::download_file_from_url). Raises TaskError with PVE's words."""
    url = parameters["url"]
    _refuse_compression(parameters)
    log(f"downloading {url} to {place.name}")
    if place.exists() and _keep(place, parameters, log):
        return
    content = content_of(state, url)
    if url in state.catalog:
        verify(content, parameters, log)
        diskimages.check(str(place), content)
    else:
        log("lab: nothing was downloaded; VMs get the root that the lab built locally")
        log(f"lab: checksum NOT verified ({parameters.get('checksum', 'none given')})")
    write(place, content)
    log(f"download of '{url}' to '{place.name}' finished")


def _refuse_compression(parameters: Mapping[str, str]) -> None:
    """PVE unpacks ISO images only, of which none is a disk to import (PVE::API2::Storage::Status, PVE::Storage::decompressor_info)."""
    if "compression" in parameters:
        if parameters["content"] != "iso":
            raise TaskError(f"decompression not supported for {parameters['content']}")
        if parameters["compression"] not in _DECOMPRESSORS:
            raise TaskError("no decompression method found")


def write(place: Path, content: bytes) -> None:
    """Puts a file in place, whole or not at all."""
    fresh = place.with_name(place.name + ".part")
    fresh.write_bytes(content)
    fresh.replace(place)


def _keep(place: Path, parameters: Mapping[str, str], log: Log) -> bool:
    """An existing file is never replaced: it is right by its checksum, or the task fails."""
    if "checksum" not in parameters:
        raise TaskError(f"refusing to override existing file '{place.name}'")
    existing = place.read_bytes()
    if existing == placeholder(parameters["url"]):
        log("lab: the same URL's placeholder is there already; checksum NOT verified")
        return True
    verify(existing, parameters, log, ", aborting")
    return True


def verify(content: bytes, parameters: Mapping[str, str], log: Log, end: str = "") -> None:
    """Hold a content to the checksum that was given, if one was. Raises TaskError with PVE's words."""
    wanted = parameters.get("checksum")
    if wanted is None:
        return
    got = hashlib.new(parameters["checksum-algorithm"], content).hexdigest()
    if got != wanted.lower():
        raise TaskError(f"checksum mismatch: got '{got}' != expect '{wanted}'{end}")
    log("calculating checksum...OK, checksum verified")
