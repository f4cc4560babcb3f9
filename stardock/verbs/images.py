"""`runner image`: looks up what the images of new machines are now, and writes that into the lock when asked to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from stardock.images.pins import Looked, look_up
from stardock.model.cluster_files import ClusterFiles
from stardock.model.lock import Lock
from stardock.plan.views.wanted_images import Wanted, wanted_images
from stardock.spec import load_spec
from stardock.verbs.lock import refuse_frozen
from stardock.workspace.files import named_file
from stardock.workspace.lock import load_lock, save_lock
from stardock.workspace.run_lock import only_run


def images(cluster_file: Path) -> tuple[Wanted, ...]:
    """The images of the pools, each once, in declared order. `InputErrors` when a file is wrong."""
    return wanted_images(load_spec(cluster_file), load_lock(ClusterFiles(cluster_file).lock))


def look_up_images(cluster_file: Path, *, upgrade: bool, today: str) -> tuple[Looked, ...]:
    """Find the checksum of every image that has none yet; with `upgrade`, of all. `today` is YYYY-MM-DD.

    `ConditionError` when a publisher does not answer or a file is not there, `RefusedError` when cluster.yaml says otherwise than it is.
    """
    return tuple(look_up(one, _file(cluster_file, one), upgrade=upgrade, today=today) for one in images(cluster_file))


def write_pins(cluster_file: Path, looked: Sequence[Looked]) -> None:
    """Save the pins; those that no pool wants any more stay for the day when one does. `RefusedError` when the lock is frozen."""
    refuse_frozen()
    files = ClusterFiles(cluster_file)
    pins = {one.wanted.source: one.after for one in looked if one.after}
    with only_run(files.run_lock):
        lock = load_lock(files.lock) or Lock(cluster=load_spec(cluster_file).cluster, founder="")
        save_lock(files.lock, replace(lock, images={**lock.images, **pins}))


def _file(cluster_file: Path, wanted: Wanted) -> Path | None:
    return named_file(cluster_file.parent, wanted.image.file) if wanted.image.file else None
