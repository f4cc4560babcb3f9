"""Clusters made up for tests of planning, as plain data that a test edits."""

from __future__ import annotations

from typing import Any

from tests.plans import PUBLIC_KEY

#: Ranges far apart, so that a test about names does not run into one about ranges.
RANGES: dict[str, tuple[int, int]] = {"server": (1000, 1000), "agent": (3000, 3000), "loadbalancer": (5000, 5000)}


def cluster(nodes: list[str], **machines: list[Any]) -> dict[str, Any]:
    """A cluster with static addresses in 10.0.0.0/16; `machines` are role -> names, one pool a role."""
    data: dict[str, Any] = {
        "cluster": "test",
        "proxmox": {"endpoint": "https://192.0.2.1:8006", "nodes": list(nodes)},
        "image": {"system": "debian"},
        "ssh": {"keys": [PUBLIC_KEY]},
        "network": {role: [interface(offset)] for role, (offset, _) in RANGES.items()},
        "pools": [
            {"name": f"{role}s", "role": role, "machines": list(names), "vm_id_start": RANGES[role][1]} for role, names in machines.items()
        ],
    }
    if machines.get("loadbalancer"):
        data["network"]["vip"] = "10.0.0.2"
    return data


def interface(offset: int) -> dict[str, Any]:
    """A static interface in 10.0.0.0/16."""
    return {"name": "ens18", "static": {"base": "10.0.0.0", "offset": offset, "prefix": 16, "gateway": "10.0.0.1"}}


def pool(data: dict[str, Any], role: str) -> dict[str, Any]:
    """The first pool of a role."""
    found: dict[str, Any] = next(pool for pool in data["pools"] if pool["role"] == role)
    return found


def numbered(name: str, count: int, width: int = 2) -> list[str]:
    """name01, name02, ..."""
    return [f"{name}{n:0{width}}" for n in range(1, count + 1)]
