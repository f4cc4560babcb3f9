"""The images that pools want, with what the lock has of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stardock.model.lock import Lock, Pin
from stardock.plan.machine.images import source

if TYPE_CHECKING:
    from stardock.spec.cluster import Spec
    from stardock.spec.image import Image


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """An image that pools want. `pin` is the lock's, `machines` are those that exist on it, by checksum (None: unpinned)."""

    source: str
    image: Image
    pools: tuple[str, ...]
    pin: Pin | None
    machines: Mapping[str | None, tuple[str, ...]]

    @property
    def checksum(self) -> str | None:
        """What a new machine's image is held to: cluster.yaml's word, else the pin's."""
        return self.image.checksum or (self.pin.checksum if self.pin else None)


def wanted_images(spec: Spec, lock: Lock | None) -> tuple[Wanted, ...]:
    """The images of the pools, each once, in declared order."""
    pools: dict[tuple[str, str | None], list[str]] = {}
    images: dict[tuple[str, str | None], Image] = {}
    for pool in spec.pools:
        image = spec.image_of(pool)
        key = source(image), image.checksum
        pools.setdefault(key, []).append(pool.name)
        images.setdefault(key, image)
    pins = lock.images if lock else {}
    return tuple(
        Wanted(source=key[0], image=image, pools=tuple(pools[key]), pin=pins.get(key[0]), machines=_machines(lock, key[0]))
        for key, image in images.items()
    )


def _machines(lock: Lock | None, name: str) -> dict[str | None, tuple[str, ...]]:
    found: dict[str | None, tuple[str, ...]] = {}
    for machine, locked in (lock.active() if lock else {}).items():
        image = locked.record.image
        if name in (image.url, f"file:{image.file}"):
            found[image.checksum] = (*found.get(image.checksum, ()), machine)
    return found
