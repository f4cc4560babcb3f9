"""What a person decides about the lock: to accept what cluster.yaml wants of a machine, to forget a machine that is gone, to keep what
memory the PVE nodes have.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from stardock.errors import RefusedError
from stardock.estate.capacity import memory
from stardock.estate.connection import Estate
from stardock.files import ClusterFiles
from stardock.lock import forget as without
from stardock.lock import load_lock, save_lock
from stardock.plan.build import build
from stardock.plan.locked import Lock
from stardock.plan.model import Change, Machine
from stardock.runlock import only_run
from stardock.spec import load_spec
from stardock.workspace import FROZEN, lock_mode, open_workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """MiB by PVE node: what the lock held and what it holds now; `said`: those of which cluster.yaml says it itself."""

    before: Mapping[str, int]
    after: Mapping[str, int]
    said: tuple[str, ...]
    silent: tuple[str, ...]  # Proxmox tells nothing of them: they are down, or the token lacks Sys.Audit


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
    _save(where.files, replace(where.lock_before, machines=machines), dry_run=dry_run)
    return changes


def forget(cluster_file: Path, name: str, *, dry_run: bool = False) -> Machine:
    """Free what a removed machine was given; its last record. `RefusedError` when it still stands, is unknown, or the lock is frozen."""
    where = open_workspace(cluster_file)
    before = where.lock_before or Lock(cluster=where.spec.cluster, founder="")
    after = without(before, name)
    record = before.machines[name].record
    _save(where.files, after, dry_run=dry_run)
    return record


def keep_memory(cluster_file: Path, *, dry_run: bool = False) -> Memory:
    """Read what memory the PVE nodes have and keep it in the lock, for placement. One that is silent now keeps what was read of it.

    `RefusedError` when the lock is frozen, `ConditionError` when Proxmox does not answer, `InputErrors` when a file is wrong.
    """
    files = ClusterFiles(cluster_file)
    spec = load_spec(cluster_file)
    lock = load_lock(files.lock) or Lock(cluster=spec.cluster, founder="")
    plan, _ = build(spec, replace(lock, memory={}), str(cluster_file))  # what was read may be what is wrong
    told = memory(Estate.from_environment(plan.proxmox))
    asked = [node.name for node in plan.proxmox.nodes if node.memory_mib is None]
    after = {name: told.get(name) or lock.memory[name] for name in asked if name in told or name in lock.memory}
    _save(files, replace(lock, memory=after), dry_run=dry_run)
    said = tuple(node.name for node in plan.proxmox.nodes if node.memory_mib is not None)
    return Memory(before=lock.memory, after=after, said=said, silent=tuple(name for name in asked if name not in told))


def refuse_frozen() -> None:
    """Raise RefusedError where the lock may not be written."""
    if lock_mode() == FROZEN:
        raise RefusedError("the lock is frozen", cure="set STARDOCK_LOCK=write where the lock may be written")


def _save(files: ClusterFiles, after: Lock, *, dry_run: bool) -> None:
    refuse_frozen()
    if not dry_run:
        with only_run(files.run_lock):
            save_lock(files.lock, after)
