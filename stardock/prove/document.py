"""The cluster.yaml of a proof: Proxmox as the person's own file describes it, and everything else the proof's.

Of that file only `proxmox` and the first NIC of servers are taken (decision 0053). Pure.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stardock.prove.scope import Scope

#: Of a NIC: where it is plugged in, and what it must know there. Its address comes by DHCP.
_NIC = ("name", "bridge", "zone", "vlan", "mtu", "firewall", "dns", "search")
#: Of a PVE node: what is there for placement alone is left out.
_PLACEMENT = ("memory", "cores", "disk")
_BLOB = b"\x00\x00\x00\x0bssh-ed25519\x00\x00\x00\x20" + bytes(32)
#: In place of a key where nothing is made: for --dry-run and the role.
NO_KEY = f"ssh-ed25519 {base64.b64encode(_BLOB).decode()} prove"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is asked of a proof's machines. `vm_ids`: one for each of `MACHINES`; `key` is a public key, `private_key` its file."""

    scope: Scope
    system: str
    vm_ids: tuple[int, ...]
    key: str = NO_KEY
    private_key: str = "id_ed25519"


#: Role -> what such a machine is given. Names follow the cluster's, so that no host name meets another's.
MACHINES: dict[str, dict[str, Any]] = {
    "server": {"cores": 2, "memory": "4GiB", "disk": "20GiB", "data_disks": [{"name": "data", "size": "1GiB"}]},
    "agent": {"cores": 1, "memory": "2GiB", "disk": "20GiB"},
}


def machine_name(scope: Scope, role: str) -> str:
    """The name of its machine of that role."""
    return f"{scope.cluster}-{role}"


def document(data: Mapping[str, Any], folder: Path, wanted: Wanted) -> dict[str, Any]:
    """The proof's cluster.yaml as data. `data` is the person's file, which was found right; `folder` is where that is."""
    nic = _nic(data)
    return {
        "cluster": wanted.scope.cluster,
        "proxmox": _proxmox(data["proxmox"], folder),
        "image": {"system": wanted.system},
        "ssh": {"keys": [wanted.key], "private_key": wanted.private_key},
        **({"network": {role: [nic] for role in MACHINES}} if nic else {}),
        "pools": [_pool(wanted, role, vm_id) for role, vm_id in zip(MACHINES, wanted.vm_ids, strict=True)],
        "protect": False,
    }


def _pool(wanted: Wanted, role: str, vm_id: int) -> dict[str, Any]:
    machine = {"name": machine_name(wanted.scope, role), "vm_id": vm_id}
    return {"name": f"{role}s", "role": role, "machines": [machine], "pve_pool": wanted.scope.pool, **MACHINES[role]}


def _nic(data: Mapping[str, Any]) -> dict[str, Any]:
    listed = (data.get("network") or {}).get("server") or [{}]
    return {key: listed[0][key] for key in _NIC if key in listed[0]}


def _proxmox(told: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """As it is there; files are named from elsewhere now."""
    found = {**told, "nodes": [_node(node, folder) for node in told["nodes"]]}
    if "ssh" in found:
        found["ssh"] = _with_file(found["ssh"] or {}, "private_key", folder)
    return found


def _node(told: str | Mapping[str, Any], folder: Path) -> str | dict[str, Any]:
    if isinstance(told, str):
        return told
    return _with_file({key: value for key, value in told.items() if key not in _PLACEMENT}, "ssh_private_key", folder)


def _with_file(told: Mapping[str, Any], key: str, folder: Path) -> dict[str, Any]:
    """A path is relative to the file that it stands in, or under ~."""
    name = told.get(key)
    named = isinstance(name, str) and not name.startswith(("~", "/"))
    return {**told, **({key: str(folder / str(name))} if named else {})}
