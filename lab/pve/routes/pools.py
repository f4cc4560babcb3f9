"""/pools: groups of VMs and storages, to whose members a pool's ACLs reach."""

from __future__ import annotations

import re
from typing import Any

from lab.pve.access.store import Pool
from lab.pve.errors import failed
from lab.pve.routes.handler import Request, Routes


def pools(request: Request) -> list[dict[str, Any]]:
    """GET pools: those that one may see; of a named one its members, too."""
    known, wanted = request.estate.access.pools, request.get("poolid")
    if wanted is None:
        return [{"poolid": name} for name in sorted(known) if request.rights.has(f"/pool/{name}", "Pool.Audit")]
    request.rights.require(f"/pool/{wanted}", "Pool.Audit")
    return [{"poolid": wanted, "members": _members(request, _pool(request))}]


def _members(request: Request, pool: Pool) -> list[dict[str, Any]]:
    vms = [vm for vm in request.estate.state.vms.values() if vm.vm_id in pool.vms]
    found = [
        {"id": f"qemu/{vm.vm_id}", "type": "qemu", "vmid": vm.vm_id, "node": vm.node, **request.estate.pvestatd.told(vm.vm_id)}
        for vm in vms
    ]
    return found + [{"id": f"storage/{name}", "type": "storage", "storage": name} for name in pool.storages]


def _pool(request: Request) -> Pool:
    found = request.estate.access.pools.get(request["poolid"])
    if found is None:
        raise failed(f"pool '{request['poolid']}' does not exist")
    return found


def create(request: Request) -> None:
    """POST pools."""
    access, name = request.estate.access, request["poolid"]
    if name in access.pools:
        raise failed(f"create pool failed: pool '{name}' already exists")
    with access.changed():
        access.pools[name] = Pool()


def update(request: Request) -> None:
    """PUT pools: members come, or go with `delete`."""
    pool = _pool(request)
    vms, storages = [int(text) for text in _listed(request.get("vms"))], _listed(request.get("storage"))
    _refuse_others(request, vms)
    with request.estate.access.changed():
        pool.vms = [one for one in pool.vms if one not in vms]
        pool.storages = [one for one in pool.storages if one not in storages]
        if not request.flag("delete"):
            pool.vms += vms
            pool.storages += storages


def _refuse_others(request: Request, vms: list[int]) -> None:
    """A VM is in one pool; moving it there from another has to be said."""
    for vm_id in vms:
        request.rights.require(f"/vms/{vm_id}", "Permissions.Modify", "VM.Allocate", some=True)
        others = [name for name, pool in request.estate.access.pools.items() if vm_id in pool.vms and name != request["poolid"]]
        if others and not request.flag("allow-move") and not request.flag("delete"):
            raise failed(f"update pools failed: VM {vm_id} belongs already to pool '{others[0]}'")
        if others:
            with request.estate.access.changed():
                request.estate.access.pools[others[0]].vms.remove(vm_id)


def delete(request: Request) -> None:
    """DELETE pools: an empty one."""
    pool = _pool(request)
    if pool.vms or pool.storages:
        raise failed(f"delete pool failed: pool '{request['poolid']}' is not empty")
    with request.estate.access.changed():
        del request.estate.access.pools[request["poolid"]]


def _listed(text: str | None) -> list[str]:
    return [part for part in re.split(r"[,;\s]+", text or "") if part]


ROUTES: Routes = {("GET", "/pools"): pools, ("POST", "/pools"): create, ("PUT", "/pools"): update, ("DELETE", "/pools"): delete}
