"""A workspace's plan against what exists, as far as the files beside cluster.yaml tell: nobody is asked, nothing is written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from stardock.plan.allocation.declared import declared
from stardock.plan.state import LOCAL
from stardock.plan.views.difference import Difference, Existing, difference, existing_by_lock
from stardock.plan.views.keeps import keeps
from stardock.workspace.state import EncryptedStateError
from stardock.workspace.state_hardware import existing_by_state
from stardock.workspace.workspace import Workspace


def compared(where: Workspace) -> Difference:
    """Against the local state where there is one that can be read, else against the machines as the lock last planned them."""
    existing = replace(_existing(where), members=_members(where))
    return difference(where.plan, where.lock_before, where.lock, existing, keeps(declared(where.spec), where.lock_before))


def _members(where: Workspace) -> frozenset[str]:
    """As `stardock.terraform.gate` has it: servers that once answered, of a cluster that is founded."""
    locked = where.lock_before.machines if where.lock_before and where.facts.founded else {}
    observed = {name for name, facts in where.facts.machines.items() if facts.host_keys}
    return frozenset(name for name, machine in locked.items() if machine.record.role == "server" and name in observed)


def _existing(where: Workspace) -> Existing:
    founded, state, backend = where.facts.founded, where.files.state, where.plan.state.backend
    versions = founded.versions if founded else {}
    if backend != LOCAL:
        return existing_by_lock(where.plan, where.lock_before, versions, f"the state in {backend} was not asked")
    try:
        found = existing_by_state(where.plan, state, versions)
    except EncryptedStateError:
        return existing_by_lock(where.plan, where.lock_before, versions, f"{state.name} is encrypted")
    return found or existing_by_lock(where.plan, where.lock_before, versions, _why_not(state))


def _why_not(state: Path) -> str:
    if not state.exists():
        return f"there is no {state.name}"
    return f"{state.name} is empty" if state.stat().st_size == 0 else f"{state.name} cannot be read"
