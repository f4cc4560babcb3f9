"""What the lock is to hold of an image: its checksum, as its publisher or the file itself says now.

Machines that exist are never touched by a pin: their image is in their record (`stardock.plan.machine.kept`).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stardock.errors import RefusedError
from stardock.images.local import importable, local_checksum
from stardock.images.publisher import published
from stardock.model.lock import Pin
from stardock.plan.machine.images import image_url, mirrored, release_of
from stardock.plan.views.wanted_images import Wanted

if TYPE_CHECKING:
    from stardock.spec.image import Image


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found for an image; `after` is None where cluster.yaml itself states the checksum."""

    wanted: Wanted
    after: Pin | None

    @property
    def changed(self) -> bool:
        """Whether the lock would hold another content than before."""
        before = self.wanted.pin
        return self.after is not None and (before is None or before.checksum != self.after.checksum)


def look_up(one: Wanted, path: Path | None, *, upgrade: bool, today: str) -> Looked:
    """Find an image's checksum when it has none yet, or with `upgrade`. `path` is its file here, if it is one; `today` is YYYY-MM-DD.

    `ConditionError` when the publisher does not answer or the file is not there, `RefusedError` when cluster.yaml says otherwise.
    """
    return Looked(one, _pin(one, path, upgrade=upgrade, today=today))


def _pin(one: Wanted, path: Path | None, *, upgrade: bool, today: str) -> Pin | None:
    image = one.image
    if image.checksum and path is None:
        return None
    if one.pin and not upgrade:
        return one.pin
    fresh = _of_file(image, path, today) if path else _of_url(image, today)
    return one.pin if one.pin and one.pin.checksum == fresh.checksum else fresh


def _of_url(image: Image, today: str) -> Pin:
    url = image_url(image) or ""
    own = image.checksum_url or (None if image.url else mirrored(release_of(image).checksum_url, image.mirror))
    found = published(url, own or None)
    return Pin(checksum=found.checksum, date=today, checksum_url=found.checksum_url, published=found.name)


def _of_file(image: Image, path: Path, today: str) -> Pin:
    header = importable(path, image.file_name or path.name)
    found = local_checksum(path)
    if image.checksum not in {None, found}:
        raise RefusedError(f"{path} has {found}, and cluster.yaml says {image.checksum}", cure="correct one of them; nothing was written")
    return Pin(checksum=found, date=today, virtual_bytes=header.virtual_bytes)
