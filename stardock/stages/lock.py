"""What a person decides about the lock: to accept what cluster.yaml wants of a machine, to forget a machine that is gone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from stardock.errors import RefusedError
from stardock.lock import forget as without
from stardock.lock import save_lock
from stardock.plan.build import build
from stardock.plan.locked import Lock
from stardock.plan.model import Change, Machine
from stardock.runlock import only_run
from stardock.workspace import FROZEN, Workspace, lock_mode, open_workspace


def accept(cluster_file: Path, name: str, *, dry_run: bool = False) -> tuple[Change, ...]:
    """Write into the lock what cluster.yaml wants of a machine that exists; what changed.

    `RefusedError` when there is nothing to accept, or the lock is frozen; `InputErrors` when the wanted values cannot be.
    """
    where = open_workspace(cluster_file)
    changes = tuple(change for change in (*where.plan.changes, *where.plan.replacements) if change.machine == name)
    if where.lock_before is None or not changes:
        known = sorted({change.machine for change in (*where.plan.changes, *where.plan.replacements)})
        raise RefusedError(f"there is nothing to accept for {name}", cure=f"waiting: {', '.join(known) or 'nothing'}; see `runner plan`")
    _, wanted = build(where.spec, where.lock_before, str(cluster_file), accept={name})
    machines = {**where.lock_before.machines, name: wanted.machines[name]}
    _save(where, replace(where.lock_before, machines=machines), dry_run=dry_run)
    return changes


def forget(cluster_file: Path, name: str, *, dry_run: bool = False) -> Machine:
    """Free what a removed machine was given; its last record. `RefusedError` when it still stands, is unknown, or the lock is frozen."""
    where = open_workspace(cluster_file)
    before = where.lock_before or Lock(cluster=where.spec.cluster, founder="")
    after = without(before, name)
    record = before.machines[name].record
    _save(where, after, dry_run=dry_run)
    return record


def refuse_frozen() -> None:
    """Raise RefusedError where the lock may not be written."""
    if lock_mode() == FROZEN:
        raise RefusedError("the lock is frozen", cure="set STARDOCK_LOCK=write where the lock may be written")


def _save(where: Workspace, after: Lock, *, dry_run: bool) -> None:
    refuse_frozen()
    if not dry_run:
        with only_run(where.files.run_lock):
            save_lock(where.files.lock, after)
