"""/version, /cluster: what holds for the whole cluster."""

from __future__ import annotations

from typing import Any

from lab.pve.errors import bad_parameters
from lab.pve.estate import VERSION
from lab.pve.routes.handler import Request, Routes
from lab.pve.storage import SIZE, Storage

_FIRST_VM_ID = 100
#: A commit that no pve-manager was ever built from: who reads it knows that this is no real Proxmox (`stardock.prove.report.EMULATED`).
REPOID = "0123456789abcdef"


def version(_: Request) -> dict[str, str]:
    """GET /version."""
    return {"version": VERSION, "release": VERSION.rpartition(".")[0], "repoid": REPOID}


def cluster_status(request: Request) -> list[dict[str, Any]]:
    """GET /cluster/status: quorate while most PVE nodes are on."""
    nodes, settings = request.estate.settings.pve_nodes, request.estate.settings
    online = {node.name: not request.estate.conditions.node(node.name).offline for node in nodes}
    quorate = int(sum(online.values()) * 2 > len(nodes))
    head = {"type": "cluster", "name": settings.name, "nodes": len(nodes), "quorate": quorate, "version": 1, "id": "cluster"}
    return [head] + [
        {
            "type": "node",
            "name": node.name,
            "id": f"node/{node.name}",
            "nodeid": index,
            "ip": node.address,
            "online": int(online[node.name]),
            "local": int(index == 1),
        }
        for index, node in enumerate(nodes, 1)
    ]


def node_state(request: Request, node: str) -> str:
    """`online` or `offline`."""
    return "offline" if request.estate.conditions.node(node).offline else "online"


def next_id(request: Request) -> str:
    """GET /cluster/nextid: the lowest free VM id, or whether one is free. Raises PveError (400) when it is taken."""
    vms = request.estate.state.vms
    wanted = request.get("vmid")
    if wanted is None:
        return str(next(number for number in range(_FIRST_VM_ID, 10**9) if number not in vms))
    if int(wanted) in vms:
        raise bad_parameters({"vmid": f"VM {wanted} already exists"})
    return wanted


def vnets(request: Request) -> list[dict[str, str]]:
    """GET /cluster/sdn/vnets: those that one may audit or allocate."""
    return [
        {"vnet": name, "zone": zone, "type": "vnet"}
        for name, zone in sorted(request.rights.access.zones.items())
        if request.rights.has(f"/sdn/zones/{zone}/{name}", "SDN.Audit", "SDN.Allocate", some=True)
    ]


def resources(request: Request) -> list[dict[str, Any]]:
    """GET /cluster/resources: VMs, PVE nodes, storages."""
    kind = request.get("type")
    found = _vms(request) if kind in {None, "vm"} else []
    if kind in {None, "node"}:
        found += [
            {"id": f"node/{node}", "type": "node", "node": node, "status": node_state(request, node)} for node in request.estate.nodes
        ]
    if kind in {None, "storage"}:
        found += _storages(request)
    return found


def _vms(request: Request) -> list[dict[str, Any]]:
    estate = request.estate
    return [
        {
            "id": f"qemu/{vm.vm_id}",
            "type": "qemu",
            "vmid": vm.vm_id,
            "node": vm.node,
            **estate.pvestatd.told(vm.vm_id),
            **({"status": "unknown"} if estate.conditions.node(vm.node).offline else {}),
            "tags": vm.config.get("tags", ""),
            **_pool(request, vm.vm_id),
        }
        for vm in list(estate.state.vms.values())
        if request.rights.has(f"/vms/{vm.vm_id}", "VM.Audit")
    ]


def _pool(request: Request, vm_id: int) -> dict[str, str]:
    """PVE leaves the key out for a VM in no pool."""
    name = next((name for name, pool in request.estate.access.pools.items() if vm_id in pool.vms), None)
    return {} if name is None else {"pool": name}


def _storages(request: Request) -> list[dict[str, Any]]:
    return [
        _storage(request, node, storage)
        for node in request.estate.nodes
        for name, storage in request.estate.storages.of_node(node).items()
        if request.rights.has(f"/storage/{name}", "Datastore.Audit")
    ]


def _storage(request: Request, node: str, storage: Storage) -> dict[str, Any]:
    """As the node last told it; in the words of /nodes/{node}/storage a size is `total`, here `maxdisk`."""
    differs = request.estate.conditions.storages.get((node, storage.name), {})
    known = {"id": f"storage/{node}/{storage.name}", "type": "storage", "node": node, "storage": storage.name, "plugintype": storage.kind,
             "content": ",".join(storage.content), "shared": int(storage.shared), "maxdisk": SIZE, "disk": 0,
             "status": "available" if node_state(request, node) == "online" else "unknown"}  # fmt: skip
    words = {"total": "maxdisk", "used": "disk"}
    return known | {words.get(key, key): value for key, value in differs.items()}


ROUTES: Routes = {
    ("GET", "/version"): version,
    ("GET", "/cluster/status"): cluster_status,
    ("GET", "/cluster/nextid"): next_id,
    ("GET", "/cluster/sdn/vnets"): vnets,
    ("GET", "/cluster/resources"): resources,
}
