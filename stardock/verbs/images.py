"""What `runner image` does: looks up what the images of new machines are now, and writes that into the lock when asked to.

Machines that exist are never touched by a pin: their image is in their record (`stardock.plan.machine.kept`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from stardock.errors import ConditionError, RefusedError
from stardock.images.local import importable, local_checksum
from stardock.images.publisher import published
from stardock.model.cluster_files import ClusterFiles
from stardock.model.lock import Lock, Pin
from stardock.model.plan import Plan
from stardock.plan.machine.images import image_url, mirrored, release_of, source
from stardock.plan.rules.images import GIB
from stardock.spec import load_spec
from stardock.verbs.lock import refuse_frozen
from stardock.workspace.files import named_file
from stardock.workspace.lock import load_lock, save_lock
from stardock.workspace.run_lock import only_run

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


def wanted_images(cluster_file: Path) -> tuple[Wanted, ...]:
    """The images of the pools, each once, in declared order. `InputErrors` when a file is wrong."""
    files = ClusterFiles(cluster_file)
    return _wanted(load_spec(cluster_file), load_lock(files.lock))


def _wanted(spec: Spec, lock: Lock | None) -> tuple[Wanted, ...]:
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


def look_up(cluster_file: Path, *, upgrade: bool, today: str) -> tuple[Looked, ...]:
    """Find the checksum of every image that has none yet; with `upgrade`, of all. `today` is YYYY-MM-DD.

    `ConditionError` when a publisher does not answer or a file is not there, `RefusedError` when cluster.yaml says otherwise than it is.
    """
    return tuple(Looked(one, _pin(one, cluster_file, upgrade=upgrade, today=today)) for one in wanted_images(cluster_file))


def _pin(one: Wanted, cluster_file: Path, *, upgrade: bool, today: str) -> Pin | None:
    image = one.image
    if image.checksum and not image.file:
        return None
    if one.pin and not upgrade:
        return one.pin
    fresh = _of_file(image, cluster_file, today) if image.file else _of_url(image, today)
    return one.pin if one.pin and one.pin.checksum == fresh.checksum else fresh


def _of_url(image: Image, today: str) -> Pin:
    url = image_url(image) or ""
    own = image.checksum_url or (None if image.url else mirrored(release_of(image).checksum_url, image.mirror))
    found = published(url, own or None)
    return Pin(checksum=found.checksum, date=today, checksum_url=found.checksum_url, published=found.name)


def _of_file(image: Image, cluster_file: Path, today: str) -> Pin:
    path = named_file(cluster_file.parent, image.file or "")
    header = importable(path, image.file_name or path.name)
    found = local_checksum(path)
    if image.checksum not in {None, found}:
        raise RefusedError(f"{path} has {found}, and cluster.yaml says {image.checksum}", cure="correct one of them; nothing was written")
    return Pin(checksum=found, date=today, virtual_bytes=header.virtual_bytes)


def refuse_unfit_files(plan: Plan, new: Collection[str], directory: Path) -> None:
    """Look at the local images that machines in `new` are to be made from, before any is uploaded; `directory` is cluster.yaml's.

    `ConditionError` for one that PVE would refuse, or whose disk is larger than a machine's.
    """
    for machine in (machine for machine in plan.machines if machine.name in new and machine.image.file):
        path = named_file(directory, machine.image.file or "")
        size = importable(path, machine.image.file_name).virtual_bytes
        least = -(-size // GIB)
        if machine.disk_gib < least:
            message = f"{machine.name}: a disk of {machine.disk_gib}GiB is smaller than that of {path}, which PVE would have to shrink"
            raise ConditionError(message, cure=f"write `disk: {least}GiB` or more")


def write_pins(cluster_file: Path, looked: tuple[Looked, ...]) -> None:
    """Save the pins; those that no pool wants any more stay for the day when one does. `RefusedError` when the lock is frozen."""
    refuse_frozen()
    files = ClusterFiles(cluster_file)
    pins = {one.wanted.source: one.after for one in looked if one.after}
    with only_run(files.run_lock):
        lock = load_lock(files.lock) or Lock(cluster=load_spec(cluster_file).cluster, founder="")
        save_lock(files.lock, replace(lock, images={**lock.images, **pins}))
