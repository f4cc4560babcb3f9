"""One cluster as a command sees it: its files, read and planned. Opening only reads; saving the lock is a step of its own."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stardock.errors import ConditionError, InputErrors, Problem, RefusedError
from stardock.facts import Facts, load_facts
from stardock.files import ClusterFiles
from stardock.lock import load_lock, save_lock
from stardock.plan.build import build
from stardock.plan.locked import Lock, gains
from stardock.plan.model import Plan
from stardock.spec import load_spec
from stardock.standing import moved, standing

if TYPE_CHECKING:
    from stardock.spec import Spec

DEFAULT = "cluster.yaml"
WRITE, FROZEN = "write", "frozen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """`lock_before` is what lies on disk (None: nothing), `lock` what the plan needs there."""

    files: ClusterFiles
    spec: Spec
    plan: Plan
    lock_before: Lock | None
    lock: Lock
    facts: Facts


def find_cluster_file(option: Path | None) -> Path:
    """The cluster.yaml: what `-f` names, else `STARDOCK_FILE`, else ./cluster.yaml. `InputErrors` when it is not there."""
    path = option or Path(os.environ.get("STARDOCK_FILE") or DEFAULT)
    if not path.is_file():
        cure = "name your cluster.yaml with -f FILE or STARDOCK_FILE; examples/quickstart/cluster.yaml is one to start from"
        raise InputErrors(str(path), (Problem(message="there is no such file", cure=cure),))
    return path


def open_workspace(cluster_file: Path) -> Workspace:
    """Read a cluster's files and plan it. Writes nothing; `InputErrors` tells everything that is wrong in one of the files."""
    files = ClusterFiles(cluster_file)
    spec = load_spec(cluster_file)
    before = load_lock(files.lock)
    plan, lock = build(spec, before, str(cluster_file))
    facts = load_facts(files.facts, spec.cluster)
    return Workspace(files=files, spec=spec, plan=plan, lock_before=before, lock=lock, facts=facts)


def commit_lock(ws: Workspace) -> None:
    """Save the lock if it changed, before anything is made from it.

    With a frozen lock (`STARDOCK_LOCK=frozen`, the default where `CI` is set) nothing is written, and `RefusedError` says what would
    have to be allocated. Without a lock, see `refuse_to_move`.
    """
    if ws.lock == ws.lock_before:
        return
    refuse_to_move(ws)
    if lock_mode() == WRITE:
        save_lock(ws.files.lock, ws.lock)
        return
    missing = gains(ws.lock_before, ws.lock)
    if missing:
        message = f"{ws.files.lock} lacks an allocation for {', '.join(missing)}, and the lock is frozen"
        cure = "run `cdktf synth` or `runner deploy` where the lock may be written and commit it, or set STARDOCK_LOCK=write"
        raise RefusedError(message, cure=cure)


def refuse_to_move(ws: Workspace) -> None:
    """Raise `RefusedError` when no lock holds a machine (at most pins), and a new one would move or delete machines that stand."""
    others = [*moved(ws.plan, standing(ws.files.state))] if ws.lock_before is None or not ws.lock_before.machines else []
    if not others:
        return
    message = f"{ws.files.lock} is not there, and machines stand ({ws.files.state.name}) that a new one would not keep: {'; '.join(others)}"
    cure = (
        f"take it back from version control (git checkout -- {ws.files.lock.name}); if it is lost for good, write what is as `vm_id:` and"
        " `pve_node:` on each of these machines, with its address, and those that may go under `remove:`"
    )
    raise RefusedError(message, cure=cure)


def lock_mode() -> str:
    """`write` or `frozen`: `STARDOCK_LOCK`, else frozen under CI. `ConditionError` for another word."""
    default = FROZEN if os.environ.get("CI") else WRITE
    mode = os.environ.get("STARDOCK_LOCK") or default
    if mode not in (WRITE, FROZEN):
        raise ConditionError(f"STARDOCK_LOCK is {mode!r}", cure=f"set it to {WRITE} or {FROZEN}, or unset it")
    return mode
