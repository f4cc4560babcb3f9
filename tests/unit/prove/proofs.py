"""A proof's plan without a Proxmox."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from stardock.model.plan import Plan
from stardock.prove.document import Wanted, document
from stardock.prove.plans import plan_of
from stardock.prove.scope import Scope

SCOPE = Scope("prove-0123abcd", "stardock-prove", 99000, 99031)
WANTED = Wanted(scope=SCOPE, system="debian", vm_ids=(99000, 99001))


def proof_plan(data: dict[str, Any], wanted: Wanted = WANTED) -> Plan:
    """The plan of a proof on the Proxmox of a cluster file."""
    return plan_of(proof_document(data, wanted), Path("/clusters/home/cluster.yaml"))


def proof_document(data: dict[str, Any], wanted: Wanted = WANTED) -> dict[str, Any]:
    """The cluster.yaml of a proof on it."""
    return document(data, Path("/clusters/home"), wanted)
