"""Which Proxmox this is, beside where it answers: the name of its PVE cluster, or of the one host that is in none; its build."""

from __future__ import annotations

from stardock.estate.answers import shown
from stardock.estate.connection import Estate
from stardock.estate.shapes import rows


def repoid_of(estate: Estate) -> str:
    """From which commit its pve-manager was built (`GET /version`): it tells one build from another, and our own emulation from all."""
    told = estate.insist(lambda api: api.version.get())
    return shown(told.get("repoid")) if isinstance(told, dict) and told.get("repoid") else ""


def name_of(estate: Estate) -> str:
    """`GET /cluster/status` (PVE::API2::Cluster, Sys.Audit on /): a row of type cluster, or only that of the host.

    Raises ConditionError where it does not say.
    """
    listed = estate.insist(lambda api: rows(api.cluster.status.get(), "type", "name"))
    named = {str(one["type"]): str(one["name"]) for one in reversed(listed)}
    return named.get("cluster") or named.get("node") or ""
