"""/nodes/{node}/qemu/{vmid}/migrate: a VM goes to another PVE node, running or not, with what lies on local disks."""

from __future__ import annotations

from stardock.lab.pve.drives import DRIVE
from stardock.lab.pve.errors import PveError, TaskError, bad_parameters, failed
from stardock.lab.pve.estate import Estate
from stardock.lab.pve.routes.handler import Request, Routes
from stardock.lab.pve.state import Vm

_ROOT_ONLY = ("force", "migration_type", "migration_network")


def migrate(request: Request) -> str:
    """POST migrate: a task. A running guest goes on running: its cloud-init drive is not built anew (PVE::API2::Qemu, migrate_vm)."""
    vm, target = request.vm(), request["target"]
    _check(request, vm, target)
    running = request.estate.is_running(vm)
    if running and not request.flag("online"):
        raise failed("can't migrate running VM without --online")
    with_disks = not running or request.flag("with-local-disks")
    return request.task("qmigrate", request["vmid"], lambda _: _move(request.estate, vm, target, with_disks=with_disks))


def _check(request: Request, vm: Vm, target: str) -> None:
    if target == vm.node:
        raise bad_parameters({"target": "target is local node."})
    if target not in request.estate.nodes:
        raise failed(f"no such cluster node '{target}'")
    for name in _ROOT_ONLY:
        if name in request.parameters and request.user != "root@pam":
            raise bad_parameters({name: "Only root may use this option."})
    if "lock" in vm.config:
        raise failed(f"VM is locked ({vm.config['lock']})")


def _move(estate: Estate, vm: Vm, target: str, *, with_disks: bool) -> None:
    with estate.locked(vm.vm_id):
        drives = {str(value).partition(",")[0] for key, value in vm.config.items() if DRIVE.fullmatch(key)}
        local = [volid for volid in sorted(drives & vm.disks.keys()) if vm.disks[volid].node]
        if local and not with_disks:
            raise TaskError("can't live migrate attached local disks without with-local-disks option")
        for volid in drives & vm.disks.keys():
            _there(estate, target, volid.partition(":")[0])
        with estate.state:
            vm.node = target
            for volid in local:
                vm.disks[volid].node = target


def _there(estate: Estate, target: str, storage: str) -> None:
    try:
        estate.conditions.reach(target)
        estate.storages.get(target, storage)
    except PveError as error:
        raise TaskError(f"migration aborted: {error.reason}") from error


ROUTES: Routes = {("POST", "/nodes/{node}/qemu/{vmid}/migrate"): migrate}
