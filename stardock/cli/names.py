"""Names in a cluster, for the shell's completion."""

from __future__ import annotations

from pathlib import Path

from stardock.workspace.files import find_cluster_file
from stardock.workspace.workspace import open_workspace


def names(file: Path | None, of: str) -> list[str]:
    """Give the names of its `machines`, of the `retired` ones that the lock keeps, or of its `pve_nodes`."""
    where = open_workspace(find_cluster_file(file))
    found = {
        "machines": [machine.name for machine in where.plan.machines],
        "retired": [name for name, one in where.lock.machines.items() if one.retired],
        "pve_nodes": [node.name for node in where.plan.proxmox.nodes],
    }
    return found[of]
