"""The cluster.yaml of a proof: Proxmox as the person's own file describes it, and everything else the proof's.

Of that file only `proxmox`, the first NIC of servers and the way of ssh are taken (decision 0053). Pure.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stardock.prove.scope import Scope

#: Of a NIC: where it is plugged in, and what it must know there. Its address comes by DHCP.
_NIC = ("name", "bridge", "zone", "vlan", "mtu", "firewall", "dns", "search")
#: Of a PVE node: what is there for placement alone is left out.
_PLACEMENT = ("memory", "cores", "disk")
#: Of `ssh`: how this person comes to machines on that bridge.
_WAY = ("jump", "extra_args")
_BLOB = b"\x00\x00\x00\x0bssh-ed25519\x00\x00\x00\x20" + bytes(32)
#: In place of a key where nothing is made: for --dry-run and the role.
NO_KEY = f"ssh-ed25519 {base64.b64encode(_BLOB).decode()} prove"
#: Where the server's data disk is mounted.
DATA = "/srv/prove"

#: Role -> the ends of its machines' names.
Machines = Mapping[str, tuple[str, ...]]
#: For what needs no Kubernetes.
ALONE: Machines = {"server": ("server",), "agent": ("agent",)}
#: A cluster: what it begins with, with the VIP's holders before it where there is one; and what comes later.
FIRST: Machines = {"server": ("server1",), "agent": ("agent1",)}
BALANCERS: Machines = {"loadbalancer": ("lb1", "lb2")}
LATER: Machines = {"server": ("server2",), "agent": ("agent2",)}

#: Role -> what such a machine is given. Names follow the cluster's, so that no host name meets another's.
HARDWARE: dict[str, dict[str, Any]] = {
    "loadbalancer": {"cores": 1, "memory": "1GiB", "disk": "10GiB"},
    "server": {"cores": 2, "memory": "4GiB", "disk": "20GiB", "data_disks": [{"name": "data", "size": "1GiB", "mount": DATA}]},
    "agent": {"cores": 1, "memory": "2GiB", "disk": "20GiB"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """The Kubernetes of a proof: distribution and release. `vip`: an address that nobody has, for two load balancers; None: neither."""

    distribution: str
    version: str
    vip: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is asked of a proof's machines. `vm_ids`: one for each of `names`; `key` is a public key, `private_key` its file."""

    scope: Scope
    system: str
    vm_ids: tuple[int, ...]
    cluster: Cluster | None = None
    key: str = NO_KEY
    private_key: str = "id_ed25519"

    @property
    def first(self) -> Machines:
        """What it begins with."""
        if self.cluster is None:
            return ALONE
        return {**BALANCERS, **FIRST} if self.cluster.vip else FIRST

    @property
    def later(self) -> Machines:
        """What comes in the middle."""
        return LATER if self.cluster else {}

    @property
    def names(self) -> tuple[str, ...]:
        """The ends of all names, in the order of `vm_ids`."""
        return tuple(end for machines in (self.first, self.later) for ends in machines.values() for end in ends)


def machine_name(scope: Scope, end: str) -> str:
    """The name of its machine that ends so."""
    return f"{scope.cluster}-{end}"


def document(data: Mapping[str, Any], folder: Path, wanted: Wanted) -> dict[str, Any]:
    """The proof's cluster.yaml as data, as it begins. `data` is the person's file, which was found right; `folder` is where that is."""
    nic, way = _nic(data), {key: value for key, value in (data.get("ssh") or {}).items() if key in _WAY}
    network = {**_vip(wanted.cluster), **({role: [nic] for role in wanted.first} if nic else {})}
    return {
        "cluster": wanted.scope.cluster,
        **_distribution(wanted.cluster),
        "proxmox": _proxmox(data["proxmox"], folder),
        "image": {"system": wanted.system},
        "ssh": {**way, "keys": [wanted.key], "private_key": wanted.private_key},
        **({"network": network} if network else {}),
        "pools": [_pool(wanted, role) for role in wanted.first],
        "protect": False,
    }


def grow(data: dict[str, Any], wanted: Wanted) -> None:
    """Add to it what comes later."""
    for pool in data["pools"]:
        pool["machines"] = [*pool["machines"], *_machines(wanted, wanted.later.get(pool["role"], ()))]


def _distribution(cluster: Cluster | None) -> dict[str, Any]:
    return {"distribution": {"name": cluster.distribution, "version": cluster.version}} if cluster else {}


def _vip(cluster: Cluster | None) -> dict[str, Any]:
    return {"vip": cluster.vip} if cluster and cluster.vip else {}


def _pool(wanted: Wanted, role: str) -> dict[str, Any]:
    machines = [*_machines(wanted, wanted.first[role])]
    return {"name": f"{role}s", "role": role, "machines": machines, "pve_pool": wanted.scope.pool, **HARDWARE[role]}


def _machines(wanted: Wanted, ends: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    vm_ids = dict(zip(wanted.names, wanted.vm_ids, strict=True))
    yield from ({"name": machine_name(wanted.scope, end), "vm_id": vm_ids[end]} for end in ends)


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
