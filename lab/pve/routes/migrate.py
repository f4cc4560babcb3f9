"""/nodes/{node}/qemu/{vmid}/migrate: a VM goes to another PVE node, running or not, with what lies on local disks."""

from __future__ import annotations

import re

from lab.pve.drives import DRIVE
from lab.pve.errors import TaskError, bad_parameters, failed, not_implemented
from lab.pve.estate import Estate
from lab.pve.routes.handler import Request, Routes
from lab.pve.state import Vm

_ROOT_ONLY = ("migration_type", "migration_network")
_VOLUMES = re.compile(rf"{DRIVE.pattern}|unused\d+")


def migrate(request: Request) -> str:
    """POST migrate: a task. A running guest goes on running: its cloud-init drive is not built anew (PVE::API2::Qemu, migrate_vm)."""
    vm, target = request.vm(), request["target"]
    _check(request, vm, target)
    running = request.estate.is_running(vm)
    if running:
        _check_running(request, vm)
    with_disks = not running or request.flag("with-local-disks")
    return request.task("qmigrate", request["vmid"], lambda _: _move(request.estate, vm, target, with_disks=with_disks))


def _check(request: Request, vm: Vm, target: str) -> None:
    if target == vm.node:
        raise bad_parameters({"target": "target is local node."})
    if target not in request.estate.nodes:
        raise failed(f"no such cluster node '{target}'")
    given = [name for name in _ROOT_ONLY if name in request.parameters] + ["force"] * request.flag("force")
    if given and request.user != "root@pam":
        raise bad_parameters(dict.fromkeys(given, "Only root may use this option."))
    if "targetstorage" in request.parameters:
        raise not_implemented("POST", request.route.path)
    if "lock" in vm.config:
        raise failed(f"VM is locked ({vm.config['lock']})")
    for volid in _volumes(vm):
        request.estate.storages.get(target, volid.partition(":")[0])


def _check_running(request: Request, vm: Vm) -> None:
    """A guest does not run on without its devices (PVE::QemuMigrate, prepare)."""
    if not request.flag("online"):
        raise failed("can't migrate running VM without --online")
    if devices := sorted(key for key in vm.config if key.startswith("hostpci")):
        raise failed(f"can't migrate running VM which uses following mapped devices: {', '.join(devices)}")


def _volumes(vm: Vm) -> list[str]:
    """Of its drives, those that nobody uses included."""
    named = {str(value).partition(",")[0] for key, value in vm.config.items() if _VOLUMES.fullmatch(key)}
    return sorted(named & vm.disks.keys())


def _move(estate: Estate, vm: Vm, target: str, *, with_disks: bool) -> None:
    with estate.locked(vm.vm_id):
        local = [volid for volid in _volumes(vm) if vm.disks[volid].node]
        if local and not with_disks:
            raise TaskError("can't live migrate attached local disks without with-local-disks option")
        if estate.conditions.node(target).offline:
            raise TaskError("migration aborted: No route to host")
        with estate.state:
            vm.node = target
            for volid in local:
                vm.disks[volid].node = target


ROUTES: Routes = {("POST", "/nodes/{node}/qemu/{vmid}/migrate"): migrate}
