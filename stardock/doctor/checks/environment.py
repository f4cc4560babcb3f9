"""Variables that the provider reads and that are ignored here: cluster.yaml takes precedence."""

from __future__ import annotations

from collections.abc import Iterator

from stardock.doctor.finding import Finding, warning
from stardock.doctor.scene import Scene


def environment(scene: Scene) -> Iterator[Finding]:
    """What is overruled silently."""
    proxmox = scene.plan.proxmox
    said = {
        "PROXMOX_VE_SSH_USERNAME": ("proxmox.ssh.user", proxmox.ssh_user),
        "PROXMOX_VE_ENDPOINT": ("proxmox.endpoint", proxmox.endpoint),
    }
    for variable, (key, value) in said.items():
        given = scene.environment.get(variable, "").rstrip("/")
        if given and given != value:
            cause = f"says {given}, and has no effect: {key} in cluster.yaml (or its default) is {value}"
            yield warning("environment", variable, cause, f"write {key}: {given} in cluster.yaml, or: unset {variable}")
