"""The memory of PVE nodes that was read from Proxmox once, where cluster.yaml does not say what machines may take. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # pydantic takes a tenth of a second
    from stardock.spec.cluster import Spec


def with_memory(spec: Spec, read: Mapping[str, int]) -> Spec:
    """The spec, its PVE nodes without `memory` having what was read (MiB by PVE node). What cluster.yaml says goes before it."""
    if not read:
        return spec
    nodes = tuple(node.model_copy(update={"memory": node.memory or read.get(node.name)}) for node in spec.proxmox.nodes)
    return spec.model_copy(update={"proxmox": spec.proxmox.model_copy(update={"nodes": nodes})})
