"""What a VM carries in Proxmox for people to see, and for Stardock to know its own."""

from __future__ import annotations

from stardock.model.machine import Machine

#: On everything that Stardock makes.
TAG = "stardock"


def tags(cluster: str, machine: Machine) -> frozenset[str]:
    """Stardock's, the cluster's, the role's, and the user's own."""
    return frozenset({TAG, cluster, machine.role, *machine.tags})


def description(cluster: str, machine: Machine) -> str:
    """The user's, or what the machine is."""
    return machine.description or f"{machine.role} of the cluster {cluster}, made by Stardock"
