"""`runner plan --format json`: a contract with other programs, documented in docs/plan-json.md. Keys are added, never changed."""

from __future__ import annotations

from typing import Any

from stardock.plan.model import Change, Machine, Plan


def document(plan: Plan) -> dict[str, Any]:
    """The plan as plain data: allocated values only, nothing observed, no secret."""
    return {
        "cluster": plan.cluster,
        "machines": [_machine(machine) for machine in plan.machines],
        "changes": [_change(change) for change in (*plan.changes, *plan.replacements)],
    }


def _machine(machine: Machine) -> dict[str, Any]:
    window = machine.window
    return {
        "name": machine.name,
        "role": machine.role,
        "pool": machine.pool,
        "pve_node": machine.pve_node,
        "vm_id": machine.vm_id,
        "hostname": machine.hostname,
        "addresses": [{"interface": nic.name, "address": nic.address, "gateway": nic.gateway} for nic in machine.interfaces],
        "window": window and {"start": window.start, "duration_minutes": window.duration_minutes},
    }


def _change(change: Change) -> dict[str, str]:
    return {"machine": change.machine, "field": change.field, "old": change.old, "new": change.new}
