"""Which image a machine starts from: what cluster.yaml says, and what `runner image pin` wrote into the lock."""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from stardock.errors import Problem
from stardock.model.lock import Pin
from stardock.model.machine import Image
from stardock.model.plan import PlacedImage
from stardock.model.settings import PveNode
from stardock.spec.image import DISK_FORMATS
from stardock.spec.keypath import Keys
from stardock.spec.places import at
from stardock.systems import Kernel, Release, system

if TYPE_CHECKING:  # pydantic takes a tenth of a second
    from stardock.plan.allocation.declared import Declared
    from stardock.spec import image
    from stardock.spec.cluster import Spec


#: What PVE takes in no name of a file to import (pve-storage, SAFE_CHAR_CLASS_RE).
UNSAFE = r"[^A-Za-z0-9.+=_-]"

#: Before the file's name on a shared datastore: one that was not declared so before holds files that old machines' PVE nodes own.
SHARED = "shared-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pins:
    """What all machines' images are decided from: the lock's pins by source, and the datastores that all PVE nodes share."""

    by_source: Mapping[str, Pin]
    shared: Collection[str] = ()


def mirrored(url: str, mirror: str | None) -> str:
    """The same path below the mirror, as `wget --mirror` leaves it."""
    return mirror.rstrip("/") + urlsplit(url).path if mirror else url


def image_url(wanted: image.Image) -> str | None:
    """Where PVE nodes download it; None: it is uploaded."""
    if wanted.file:
        return None
    return wanted.url or mirrored(release_of(wanted).image_url, wanted.mirror)


def release_of(wanted: image.Image) -> Release:
    """The release that is said; else the one that the name of a user's own image tells; else the one that new machines get."""
    own = system(wanted.system)
    if wanted.release is not None:
        return own.release(wanted.release)
    name = wanted.file or urlsplit(wanted.url or "").path
    return own.named_by(name) or own.current


def kernel_of(image: Image) -> Kernel:
    """The kernel that a machine of this image boots, as far as the image's name tells."""
    own = system(image.system)
    return own.kernel_of(own.release(image.release), posixpath.basename(image.file or urlsplit(image.url or "").path))


def default_from(image: Image) -> str | None:
    """Where a system's own image, of now or of before, was taken from: the publisher or a mirror, as the URL before the image's path.

    None for an image of the user's own.
    """
    releases = system(image.system).releases
    paths = [urlsplit(url).path for release in releases for url in (release.image_url, *release.former_urls)]
    url = image.url or ""
    return next((url.removesuffix(path) for path in paths if url.endswith(path)), None)


def source(wanted: image.Image) -> str:
    """What the lock files a pin under: the URL, or `file:` and the path as it was written."""
    return image_url(wanted) or f"file:{wanted.file}"


def disk_image(wanted: image.Image, node: PveNode, pins: Pins) -> Image:
    """The image of a new machine on that PVE node; its checksum is cluster.yaml's, else the lock's, else the system's."""
    pin = pins.by_source.get(source(wanted))
    checksum = wanted.checksum or (pin.checksum if pin else None) or _default_checksum(wanted)
    datastore = wanted.datastore or node.images
    shared = datastore in pins.shared
    return Image(
        system=wanted.system,
        release=release_of(wanted).name,
        url=image_url(wanted),
        file=wanted.file,
        file_name=(SHARED if shared else "") + _file_name(wanted, checksum),
        datastore=datastore,
        checksum=checksum,
        shared=shared,
        overwrite=wanted.overwrite,
        timeout_seconds=wanted.timeout * 60,
        verify=wanted.verify,
    )


def _default_checksum(wanted: image.Image) -> str | None:
    return None if wanted.url or wanted.file else release_of(wanted).image_checksum


def _file_name(wanted: image.Image, checksum: str | None) -> str:
    """A name that no other image of the cluster has: a new pin would otherwise overwrite the image that old machines keep."""
    default = release_of(wanted)
    name = wanted.file_name or (posixpath.basename(wanted.file or urlsplit(wanted.url or "").path) or default.image_file_name)
    moving = (wanted.url, wanted.file, wanted.mirror, wanted.file_name) == (None, None, None, None)
    if moving and checksum == default.image_checksum:
        return name
    stem, _, ending = re.sub(UNSAFE, "-", name).rpartition(".")
    digest = hashlib.sha256(f"{wanted.url or wanted.file or wanted.mirror}\0{checksum}".encode()).hexdigest()[:8]
    return f"{stem or name}-{digest}.{ending if f'.{ending}' in DISK_FORMATS else 'qcow2'}"


def prefetched(spec: Spec, nodes: Mapping[str, PveNode], pins: Pins) -> tuple[PlacedImage, ...]:
    """Images that pools want on every PVE node that they may use."""
    wanted = [(spec.image_of(pool), pool.nodes or tuple(nodes)) for pool in spec.pools if spec.image_of(pool).everywhere]
    return tuple(PlacedImage(name, disk_image(image, nodes[name], pins)) for image, names in wanted for name in names if name in nodes)


def kept_image(wish: Image, record: Image) -> Image:
    """What a machine was made from, fetched as is wished now: old and new machines may share the file."""
    return replace(record, overwrite=wish.overwrite, timeout_seconds=wish.timeout_seconds, verify=wish.verify)


def moved_image(record: Image, wish: Image) -> Image:
    """What a machine was made from, where its image is to lie now."""
    name = record.file_name.removeprefix(SHARED)
    return replace(record, datastore=wish.datastore, shared=wish.shared, file_name=(SHARED if wish.shared else "") + name)


def unpinned_files(spec: Spec, every: Sequence[Declared], pins: Mapping[str, Pin], locked: Collection[str]) -> Iterator[Problem]:
    """A file that is to be uploaded has a checksum: it is what tells one content from the next."""
    missing: dict[Keys, str] = {}
    for declared in every:
        wanted = spec.image_of(declared.pool)
        new = declared.name not in locked or wanted.everywhere
        if new and wanted.file and not wanted.checksum and source(wanted) not in pins:
            keys: Keys = ("image", "file") if declared.pool.image is None else (*declared.pool_keys, "image", "file")
            missing[keys] = wanted.file
    for keys, file in missing.items():
        yield at(spec, keys, f"the checksum of {file} is not known yet", "run `runner image pin`, and commit the lock")
