"""How much memory, CPU and disk the PVE nodes have, as Proxmox says. Observed: only what the lock keeps of it is allocated by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from stardock.estate.connection import Estate
from stardock.estate.shapes import resources, rows
from stardock.model.settings import Proxmox, PveNode

MIB = 1 << 20
GIB = 1 << 30


def measured(estate: Estate, nodes: Sequence[PveNode]) -> tuple[PveNode, ...]:
    """The PVE nodes, with what is not given filled in; two requests, however many nodes. ConditionError when Proxmox does not answer.

    What Proxmox does not tell (the node is down, or the token lacks Sys.Audit or Datastore.Audit) stays unknown.
    """
    hosts = {item["node"]: item for item in estate.insist(lambda api: rows(api.nodes.get(), "node"))}
    listed = estate.insist(lambda api: resources(api.cluster.resources.get(type="storage")))
    storages = {(item["node"], item["storage"]): item for item in listed if item["type"] == "storage"}
    return tuple(_filled(node, hosts.get(node.name, {}), storages.get((node.name, node.disks), {})) for node in nodes)


def measured_now(proxmox: Proxmox, nodes: Sequence[PveNode]) -> tuple[PveNode, ...]:
    """The same, with the token of the environment."""
    return measured(Estate.from_environment(proxmox), nodes)


def memory_by_node(estate: Estate) -> dict[str, int]:
    """MiB by PVE node, of those that tell it; one request. ConditionError when Proxmox does not answer."""
    told = {item["node"]: _whole(item.get("maxmem"), MIB) for item in estate.insist(lambda api: rows(api.nodes.get(), "node"))}
    return {name: mib for name, mib in told.items() if mib}


def _filled(node: PveNode, host: Mapping[str, Any], storage: Mapping[str, Any]) -> PveNode:
    return replace(
        node,
        memory_mib=node.memory_mib or _whole(host.get("maxmem"), MIB),
        cores=node.cores or _whole(host.get("maxcpu"), 1),
        disk_gib=node.disk_gib or _whole(storage.get("maxdisk"), GIB),
    )


def _whole(amount: object, unit: int) -> int | None:
    return int(amount) // unit if isinstance(amount, int | float) and amount else None
