"""/nodes and /storage: PVE nodes, their networks, their storages."""

from __future__ import annotations

import time
from typing import Any

from lab.pve.access import Rights
from lab.pve.errors import failed
from lab.pve.estate import VERSION
from lab.pve.images import metadata
from lab.pve.routes.cluster import node_state, version
from lab.pve.routes.handler import Request, Routes
from lab.pve.storage import SIZE, Storage

_GIB = 1024**3


def nodes(request: Request) -> list[dict[str, Any]]:
    """GET /nodes; what a node has is told to who may audit it (PVE::API2::Nodes, index), and by a node that is up."""
    return [
        {"node": node, "id": f"node/{node}", "type": "node", "status": node_state(request, node)} | _figures(request, node)
        for node in request.estate.nodes
    ]


def _figures(request: Request, node: str) -> dict[str, Any]:
    condition = request.estate.conditions.node(node)
    if condition.offline or not request.rights.has(f"/nodes/{node}", "Sys.Audit"):
        return {}
    return {
        "uptime": int(time.time() - request.estate.started),
        "cpu": 0.01,
        "maxcpu": 64,
        "mem": 8 * _GIB,
        "maxmem": condition.memory_gib * _GIB,
        "disk": 0,
        "maxdisk": SIZE,
    }


def node_version(request: Request) -> dict[str, str]:
    """GET version of a PVE node: during an upgrade they differ."""
    request.estate.storages.of_node(request["node"])
    told = request.estate.conditions.node(request["node"]).version
    return version(request) | ({"version": told, "release": told.rpartition(".")[0]} if told else {})


def node_status(request: Request) -> dict[str, Any]:
    """GET status of a PVE node."""
    request.estate.storages.of_node(request["node"])
    memory = request.estate.conditions.node(request["node"]).memory_gib * _GIB
    return {
        "uptime": int(time.time() - request.estate.started),
        "pveversion": f"pve-manager/{VERSION}",
        "kversion": "Linux 6.17",
        "cpu": 0.01,
        "loadavg": ["0.00", "0.00", "0.00"],
        "cpuinfo": {"cpus": 64, "sockets": 2, "cores": 16, "model": "emulated"},
        "memory": {"total": memory, "used": 8 * _GIB, "free": memory - 8 * _GIB},
        "rootfs": {"total": SIZE, "used": 0, "free": SIZE, "avail": SIZE},
    }


def network(request: Request) -> list[dict[str, Any]]:
    """The bridges that the lab has, each on every PVE node; the first carries the node's own address."""
    request.estate.storages.of_node(request["node"])
    if request.get("type") not in {None, "bridge", "any_bridge", "any_local_bridge", "include_sdn"}:
        return []
    bridges = sorted({network.bridge for network in request.estate.settings.networks})
    found = [_bridge(request, bridge) | (_address(request) if bridge == bridges[0] else {}) for bridge in bridges]
    missing = {bridge for (node, bridge), told in request.estate.conditions.bridges.items() if node == request["node"] and told is None}
    return [one for one in found if one["iface"] not in missing and _sees_bridge(request.rights, one["iface"])]


def _bridge(request: Request, name: str) -> dict[str, Any]:
    usual = {"iface": name, "type": "bridge", "method": "manual", "method6": "manual", "families": ["inet"], "priority": 3, "active": 1,
             "autostart": 1, "bridge_vlan_aware": 1}  # fmt: skip
    differs = request.estate.conditions.bridges.get((request["node"], name)) or {}
    return {key: value for key, value in (usual | differs).items() if value is not None}


def _address(request: Request) -> dict[str, Any]:
    address = next(node.address for node in request.estate.settings.pve_nodes if node.name == request["node"])
    return {"method": "static", "address": address, "netmask": "24", "cidr": f"{address}/24", "gateway": "127.0.0.254"}


def _sees_bridge(rights: Rights, bridge: str) -> bool:
    """By the bridge itself or by one of its VLANs (PVE::RPCEnvironment::check_sdn_bridge)."""
    path = f"/sdn/zones/{rights.access.zone_of(bridge)}/{bridge}"
    places = [path, *(place for place in rights.access.acl if place.startswith(f"{path}/"))]
    return any(rights.has(place, "SDN.Audit", "SDN.Use", some=True) for place in places)


def node_time(request: Request) -> dict[str, Any]:
    """GET time: UTC on every node."""
    request.estate.storages.of_node(request["node"])
    now = int(time.time() + request.estate.conditions.node(request["node"]).clock)
    return {"timezone": "UTC", "time": now, "localtime": now}


def _sees_storage(request: Request, name: str) -> bool:
    return request.rights.has(f"/storage/{name}", "Datastore.Audit", "Datastore.AllocateSpace", some=True)


def node_storages(request: Request) -> list[dict[str, Any]]:
    """GET storage of a PVE node."""
    storages = request.estate.storages.of_node(request["node"]).values()
    wanted = set(filter(None, (request.get("content") or "").split(",")))
    named = {request.get("storage"), None}
    return [
        _usage(request, storage)
        for storage in storages
        if _sees_storage(request, storage.name) and wanted <= set(storage.content) and (len(named) == 1 or storage.name in named)
    ]


def storage_status(request: Request) -> dict[str, Any]:
    """GET storage/{storage}/status."""
    return _usage(request, request.estate.storages.get(request["node"], request["storage"]))


def _usage(request: Request, storage: Storage) -> dict[str, Any]:
    content = ",".join(storage.content)
    usual = {
        "storage": storage.name,
        "type": storage.kind,
        "content": content,
        "active": 1,
        "enabled": 1,
        "shared": int(storage.shared),
        "total": SIZE,
        "used": 0,
    }
    told: dict[str, Any] = usual | request.estate.conditions.storages.get((request["node"], storage.name), {})
    return told | {"avail": told["total"] - told["used"], "used_fraction": told["used"] / told["total"]}


def storages(request: Request) -> list[dict[str, Any]]:
    """GET /storage: storage.cfg."""
    kind = request.get("type")
    found = [storage for storage in request.estate.storages.all().values() if kind in {None, storage.kind}]
    return [storage.described() for storage in found if _sees_storage(request, storage.name)]


def storage(request: Request) -> dict[str, Any]:
    """GET /storage/{storage}. Raises PveError (500) when there is none."""
    found = request.estate.storages.all().get(request["storage"])
    if found is None:
        raise failed(f"storage '{request['storage']}' does not exist")
    return found.described()


def url_metadata(request: Request) -> dict[str, Any]:
    """GET query-url-metadata: answered from the URL itself, nothing is asked."""
    request.estate.storages.of_node(request["node"])
    if not request.estate.conditions.fetches(request["node"], request["url"]):
        raise failed("invalid server response: '404 Not Found'")
    return metadata(request.estate.state, request["url"])


ROUTES: Routes = {
    ("GET", "/nodes"): nodes,
    ("GET", "/nodes/{node}/status"): node_status,
    ("GET", "/nodes/{node}/time"): node_time,
    ("GET", "/nodes/{node}/version"): node_version,
    ("GET", "/nodes/{node}/network"): network,
    ("GET", "/nodes/{node}/query-url-metadata"): url_metadata,
    ("GET", "/nodes/{node}/storage"): node_storages,
    ("GET", "/nodes/{node}/storage/{storage}/status"): storage_status,
    ("GET", "/storage"): storages,
    ("GET", "/storage/{storage}"): storage,
}
