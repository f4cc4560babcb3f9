"""What a person decides about the lock: to accept what cluster.yaml wants of a machine, to forget a machine that is gone, to keep what
memory the PVE nodes have, and which release a channel is at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from stardock.distributions import distribution
from stardock.errors import ConditionError, RefusedError
from stardock.estate.capacity import memory_by_node
from stardock.estate.connection import Estate
from stardock.images.channels import channels
from stardock.model.cluster_files import ClusterFiles
from stardock.model.lock import Lock
from stardock.model.plan import Change
from stardock.model.settings import PveNode
from stardock.plan.allocation.claims import static_addresses
from stardock.plan.build import build
from stardock.plan.distribution import channel_key
from stardock.spec import load_spec
from stardock.workspace.lock import forget as without
from stardock.workspace.lock import load_lock, save_lock
from stardock.workspace.run_lock import only_run
from stardock.workspace.workspace import FROZEN, lock_mode, open_workspace

if TYPE_CHECKING:
    from stardock.spec.cluster import Spec


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryRead:
    """MiB by PVE node, as the lock held it (`before`) and holds it now (`after`).

    `said` are the PVE nodes whose memory cluster.yaml says itself, `silent` those of which Proxmox tells nothing: they are down, or the
    token lacks Sys.Audit.
    """

    before: Mapping[str, int]
    after: Mapping[str, int]
    said: tuple[str, ...]
    silent: tuple[str, ...]


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelRead:
    """A channel, and the release that the lock held (`before`; None: none) and holds now."""

    channel: str
    before: str | None
    after: str


def keep_channel(cluster_file: Path, url: str | None, *, dry_run: bool = False) -> ChannelRead:
    """Ask which release the channel of cluster.yaml is at and keep it in the lock; `url` is that of a copy of the makers' list.

    `RefusedError` when the lock is frozen or cluster.yaml names no channel, `ConditionError` when the list cannot be read or has no such
    channel.
    """
    if not dry_run:
        refuse_frozen()
    files, spec = ClusterFiles(cluster_file), load_spec(cluster_file)
    own, channel = distribution(spec.distribution.name), spec.distribution.channel
    if channel is None:
        raise RefusedError("cluster.yaml names no channel", cure="write `channel: stable` under `distribution`, in the place of `version`")
    told = channels(url or own.channels)
    found = told.get(channel, "")
    if own.release(found) is None:
        known = ", ".join(sorted(name for name, release in told.items() if own.release(release)))
        raise ConditionError(f"{url or own.channels} has no release of {own.title} for {channel}", cure=f"it has {known or 'none'}")
    read = ChannelRead(channel=channel, before=_lock_of(files, spec).channels.get(channel_key(spec)), after=found)
    if read.after != read.before and not dry_run:
        with only_run(files.run_lock):
            lock = _lock_of(files, spec)
            save_lock(files.lock, replace(lock, channels={**lock.channels, channel_key(spec): found}))
    return read


def forget(cluster_file: Path, name: str, *, dry_run: bool = False) -> tuple[str, ...]:
    """Free what a removed machine was given, or the relay of a pair of sites; what that was.

    `RefusedError` when the machine still exists, the name is unknown, or the lock is frozen.
    """
    where = open_workspace(cluster_file)
    before = where.lock_before or Lock(cluster=where.spec.cluster, founder="")
    after = without(before, name)
    _save(where.files, after, dry_run=dry_run)
    if name in before.relays:
        return (f"{before.relays[name]}, which carries between them; the next plan chooses",)
    record = before.machines[name].record
    return (f"VM id {record.vm_id}", *(address for nic in record.interfaces for address in static_addresses(nic)))


def keep_memory(cluster_file: Path, *, dry_run: bool = False) -> MemoryRead:
    """Read what memory the PVE nodes have and keep it in the lock, for placement. One that is silent now keeps what was read of it.

    `RefusedError` when the lock is frozen, `ConditionError` when Proxmox does not answer or tells nothing, `InputErrors` when a file is
    wrong.
    """
    if not dry_run:
        refuse_frozen()
    files, spec = ClusterFiles(cluster_file), load_spec(cluster_file)
    lock = _lock_of(files, spec)
    plan, _ = build(spec, replace(lock, memory={}), str(cluster_file))  # what was read may be what is wrong
    told = memory_by_node(Estate.from_environment(plan.proxmox))
    nodes = plan.proxmox.nodes
    read = _read(nodes, told, lock)
    if read.after != lock.memory and not dry_run:
        with only_run(files.run_lock):
            lock = _lock_of(files, spec)  # Proxmox took its time
            save_lock(files.lock, replace(lock, memory=_read(nodes, told, lock).after))
    return read


def _lock_of(files: ClusterFiles, spec: Spec) -> Lock:
    return load_lock(files.lock) or Lock(cluster=spec.cluster, founder="")


def _read(nodes: Sequence[PveNode], told: Mapping[str, int], lock: Lock) -> MemoryRead:
    asked = [node.name for node in nodes if node.memory_mib is None]
    silent = tuple(name for name in asked if name not in told)
    if silent and len(silent) == len(asked):
        cure = "are they up, and has the token Sys.Audit on /nodes? `runner proxmox-role` prints the commands that give it"
        raise ConditionError(f"Proxmox tells the memory of none of {', '.join(silent)}", cure=cure)
    after = {name: told.get(name) or lock.memory[name] for name in asked if name in told or name in lock.memory}
    said = tuple(node.name for node in nodes if node.memory_mib is not None)
    return MemoryRead(before=lock.memory, after=after, said=said, silent=silent)


def refuse_frozen() -> None:
    """Raise RefusedError where the lock may not be written."""
    if lock_mode() == FROZEN:
        raise RefusedError("the lock is frozen", cure="set STARDOCK_LOCK=write where the lock may be written")


def _save(files: ClusterFiles, after: Lock, *, dry_run: bool) -> None:
    refuse_frozen()
    if not dry_run:
        with only_run(files.run_lock):
            save_lock(files.lock, after)
