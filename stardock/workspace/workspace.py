"""One cluster as a command sees it: its files, read and planned. Opening only reads; saving the lock is a step of its own."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from stardock.errors import ConditionError, InputErrors, RefusedError
from stardock.model.cluster_files import ClusterFiles
from stardock.model.facts import Facts
from stardock.model.lock import Lock, gains
from stardock.model.plan import Plan
from stardock.plan.build import build
from stardock.plan.distribution import founded_problem
from stardock.plan.mesh import founded_mesh_problem, founded_port_problem
from stardock.plan.rules.neighbours import compare
from stardock.plan.state import LOCAL
from stardock.spec import load_spec
from stardock.workspace.facts import load_facts
from stardock.workspace.gitignore import write_gitignore
from stardock.workspace.lock import load_lock, save_lock
from stardock.workspace.neighbours import neighbours
from stardock.workspace.state import EncryptedStateError, ExistingVms, existing_vms, moved

if TYPE_CHECKING:
    from stardock.spec import Spec

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

    @property
    def knows_machines(self) -> bool:
        """Whether the lock on disk holds machines: one with image pins alone says nothing of what exists."""
        return self.lock_before is not None and bool(self.lock_before.machines)


def open_workspace(cluster_file: Path, *, anew: Collection[str] = ()) -> Workspace:
    """Read a cluster's files and plan it; compare it with the clusters beside it. Writes nothing. `anew`: machines to be replaced.

    `InputErrors` tells everything that is wrong in one of the files, or that another cluster has already.
    """
    files = ClusterFiles(cluster_file)
    spec = load_spec(cluster_file)
    before = load_lock(files.lock)
    plan, lock = build(spec, before, str(cluster_file), anew=anew)
    others, unread = neighbours(cluster_file)
    problems, shared = compare(spec, plan, others)
    if problems:
        raise InputErrors(str(cluster_file), tuple(sorted(problems, key=lambda problem: problem.line or 0)))
    plan = replace(plan, warnings=(*plan.warnings, *shared, *unread))
    facts = load_facts(files.facts, spec.cluster, {*plan.removed, *(server.name for server in plan.of_role("server"))})
    rules = (founded_problem, founded_mesh_problem, founded_port_problem)
    if problems := [problem for rule in rules if before and (problem := rule(spec, before, facts))]:
        raise InputErrors(str(cluster_file), tuple(problems))
    return Workspace(files=files, spec=spec, plan=plan, lock_before=before, lock=lock, facts=facts)


def commit_lock(ws: Workspace, existing: ExistingVms | None = None) -> None:
    """Save the lock if it changed, before anything is made from it; a folder that has no .gitignore gets one with it.

    With a frozen lock (`STARDOCK_LOCK=frozen`, the default where `CI` is set) nothing is written, and `RefusedError` says what would
    have to be allocated. Without a lock, see `refuse_to_move`, which `existing` is for.
    """
    changed = ws.lock != ws.lock_before
    if changed:
        refuse_to_move(ws, existing)
    if lock_mode() == WRITE:
        if changed:
            write_gitignore(ws.files.spec.parent, ws.spec)
            save_lock(ws.files.lock, ws.lock)
        return
    missing = gains(ws.lock_before, ws.lock)
    if missing:
        message = f"{ws.files.lock} lacks an allocation for {', '.join(missing)}, and the lock is frozen"
        cure = "run `cdktf synth` or `runner deploy` where the lock may be written and commit it, or set STARDOCK_LOCK=write"
        raise RefusedError(message, cure=cure)


def refuse_to_move(ws: Workspace, existing: ExistingVms | None = None) -> None:
    """Raise `RefusedError` when no lock holds machines, and a new one would move or delete some that exist.

    `existing` is what the engine was asked for; without it, what can be seen in this folder.
    """
    if ws.knows_machines:
        return
    seen = existing if existing is not None else existing_here(ws)
    if seen is None and ws.plan.state.backend == LOCAL:
        cure = f"take {ws.files.lock.name} back from version control; `runner deploy` can read the state (export TF_ENCRYPTION)"
        raise RefusedError(f"{ws.files.lock} is not there, and {ws.files.state.name} is encrypted: what exists cannot be seen", cure=cure)
    others = [*moved(ws.plan, seen or {})]
    if not others:
        return
    state = f"the state in {ws.plan.state.backend}" if existing_here(ws) is None else ws.files.state.name
    message = f"{ws.files.lock} is not there, and machines exist ({state}) that a new one would not keep: {'; '.join(others)}"
    cure = (
        f"take it back from version control (git checkout -- {ws.files.lock.name}); if it is lost for good, write what is as `vm_id:` and"
        " `pve_node:` on each of these machines, with its address, and those that may go under `remove:`"
    )
    raise RefusedError(message, cure=cure)


def existing_here(ws: Workspace) -> ExistingVms | None:
    """Give the machines that exist, by name; None where only the engine can tell: the state lies elsewhere, or is encrypted.

    A file that holds machines counts also where `state:` names another place: nobody moved it there yet.
    """
    try:
        seen = existing_vms(ws.files.state)
    except EncryptedStateError:
        return None
    return seen if seen or ws.plan.state.backend == LOCAL else None


def existing_names(ws: Workspace, ask: Callable[[], ExistingVms] | None) -> frozenset[str]:
    """Where the state cannot be seen and there is nobody to ask, all that is under `remove:` counts as existing: its facts are kept."""
    seen = existing_here(ws)
    if seen is None and ask is not None:
        seen = ask()
    return frozenset(ws.plan.removed if seen is None else seen)


def unseen(ws: Workspace) -> tuple[str, ...]:
    """Say that nobody looked whether machines exist: without a lock, and with a state that only the engine can reach."""
    if ws.knows_machines or existing_here(ws) is not None:
        return ()
    what = f"there is no {ws.files.lock.name}, and the state in {ws.plan.state.backend} was not asked whether machines exist"
    return (f"{what}: `runner deploy` asks it; if this cluster exists, take the lock back from version control",)


def lock_mode() -> str:
    """`write` or `frozen`: `STARDOCK_LOCK`, else frozen under CI. `ConditionError` for another word."""
    default = FROZEN if os.environ.get("CI") else WRITE
    mode = os.environ.get("STARDOCK_LOCK") or default
    if mode not in (WRITE, FROZEN):
        raise ConditionError(f"STARDOCK_LOCK is {mode!r}", cure=f"set it to {WRITE} or {FROZEN}, or unset it")
    return mode
