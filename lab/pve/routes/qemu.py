"""/nodes/{node}/qemu: VMs are made, changed, destroyed."""

from __future__ import annotations

import copy
import time
import uuid
from collections.abc import Callable
from typing import Any

from lab.machines.hypervisor import GuestError
from lab.pve import config, drives, power
from lab.pve.access.vm import VmRights
from lab.pve.errors import PveError, TaskError, bad_parameters, failed
from lab.pve.ha import forget, managed
from lab.pve.routes.handler import Request, Routes
from lab.pve.state import Vm
from lab.pve.tasks import Log

_VM = "/nodes/{node}/qemu/{vmid}"
_RESTORE = ("archive", "live-restore", "unique", "ha-managed")


def listed(request: Request) -> list[dict[str, Any]]:
    """GET qemu."""
    request.estate.storages.of_node(request["node"])
    vms = [vm for vm in list(request.estate.state.vms.values()) if vm.node == request["node"]]
    vms = [vm for vm in vms if request.rights.has(f"/vms/{vm.vm_id}", "VM.Audit")]
    return [
        {"vmid": vm.vm_id, "name": vm.config.get("name"), "status": request.estate.power(vm), "tags": vm.config.get("tags")} for vm in vms
    ]


def create(request: Request) -> str:
    """POST qemu: a task. Raises PveError for what PVE refuses before it."""
    estate, node, vm_id = request.estate, request["node"], int(request["vmid"])
    estate.storages.of_node(node)
    for name in _RESTORE:
        if name in request.parameters:
            raise failed(f"the emulated PVE does not do '{name}'")
    options = config.options_of(request.parameters)
    VmRights(request.rights, vm_id, request.get("pool")).create(options, start=request.flag("start"))
    config.check(estate, node, request.route, options)
    vm = Vm(vm_id, node, {"lock": "create"})
    with estate.state as state:
        _refuse_taken(request, vm_id)
        state.vms[vm_id] = vm  # the id is taken from here on, as by PVE's create_and_lock_config: neither name nor tags yet
    return request.task("qmcreate", str(vm_id), lambda log: _create(request, vm, options, log))


def _refuse_taken(request: Request, vm_id: int) -> None:
    taken = request.estate.state.vms.get(vm_id)
    if taken:
        raise failed(f"unable to create VM {vm_id} - VM {vm_id} already exists on node '{taken.node}'")


def _create(request: Request, vm: Vm, options: config.Options, log: Log) -> None:
    estate, pool = request.estate, request.get("pool")
    try:
        with estate.locked(vm.vm_id), estate.state:
            config.apply(estate, vm, request.route.rules, options)
            _complete(vm)
            if vm.config.get("tags"):
                VmRights(request.rights, vm.vm_id).tags()
            vm.config.pop("lock", None)
    except (TaskError, PveError) as error:
        with estate.state as state:
            state.vms.pop(vm.vm_id, None)
        raise TaskError(f"unable to create VM {vm.vm_id} - {error}") from error
    if pool:
        with estate.access.changed():
            estate.access.pools[pool].vms.append(vm.vm_id)
    for key in filter(drives.DRIVE.fullmatch, vm.config):
        log(f"{key}: successfully created disk '{vm.config[key]}'")
    if request.flag("start"):
        power.start(estate, vm, log)


def _complete(vm: Vm) -> None:
    """What PVE adds to a new VM by itself."""
    disks = sorted(key for key in vm.config if drives.DRIVE.fullmatch(key) and key not in {"efidisk0", "tpmstate0"})
    vm.config.setdefault("boot", "order=" + ";".join(disks))
    vm.config.setdefault("smbios1", f"uuid={uuid.uuid4()}")
    if vm.config.get("vmgenid", "1") == "1":
        vm.config["vmgenid"] = str(uuid.uuid4())
    vm.config["meta"] = f"creation-qemu=10.1.2,ctime={int(time.time())}"


def read(request: Request) -> dict[str, Any]:
    """GET config: integers as integers, the password never."""
    vm = request.vm()
    shown = vm.config | {"digest": config.digest(vm)}
    return shown | {"cipassword": "**********"} if "cipassword" in shown else shown


def pending(request: Request) -> list[dict[str, Any]]:
    """GET pending: changes are never pending here."""
    return [{"key": key, "value": value} for key, value in request.vm().config.items()]


def update(request: Request) -> None:
    """PUT config: whole or not at all."""
    vm = request.vm()
    options = config.options_of(request.parameters)
    VmRights(request.rights, vm.vm_id).update(options, _deleted(request), vm.config)
    config.check(request.estate, request["node"], request.route, options)
    if not options and not request.get("delete"):
        raise failed("no options specified")
    both = [name for name in (request.get("delete") or "").split(",") if name in options]
    if both:
        raise bad_parameters({"delete": f"you can't use '-{both[0]}' and -delete {both[0]}' at the same time"})
    try:
        _edit(request, lambda vm: _change(request, vm, options))
    except TaskError as error:
        raise failed(str(error)) from error


def _deleted(request: Request) -> list[str]:
    return config.deleted(request.route.rules, request.get("delete") or "")


def _change(request: Request, vm: Vm, options: config.Options) -> None:
    config.check_digest(vm, request.get("digest"))
    config.check_balloon(vm, options)
    config.delete(vm, _deleted(request))
    config.apply(request.estate, vm, request.route.rules, options)
    _plug(request, vm, options)


def _plug(request: Request, vm: Vm, options: config.Options) -> None:
    """A running VM takes its NICs at once (PVE::QemuServer::vmconfig_hotplug_pending)."""
    try:
        if request.estate.is_running(vm):
            power.check_trunks(request.estate, vm)
    except TaskError as error:
        raise bad_parameters({key: f"hotplug problem - {error}" for key in options if key.startswith("net")}) from error


def _edit(request: Request, change: Callable[[Vm], None]) -> None:
    """Changes the VM whole or not at all."""
    with request.estate.locked(int(request["vmid"])), request.estate.state:
        vm = request.vm()
        edited = copy.deepcopy(vm)
        change(edited)
        vm.config, vm.disks = edited.config, edited.disks


def update_later(request: Request) -> str:
    """POST config: the same as a task."""
    vm = request.vm()
    options = config.options_of(request.parameters)
    VmRights(request.rights, vm.vm_id).update(options, _deleted(request), vm.config)
    config.check(request.estate, request["node"], request.route, options)
    return request.task("qmconfig", request["vmid"], lambda _: update(request))


def resize(request: Request) -> str:
    """PUT resize: a task, which fails when the disk would shrink."""
    request.vm()

    def grow(vm: Vm) -> None:
        config.check_digest(vm, request.get("digest"))
        key = request["disk"]
        if key not in vm.config:
            raise TaskError(f"disk '{key}' does not exist")
        disk = vm.disks.get(str(vm.config[key]).partition(",")[0])
        if disk is None or "media=cdrom" in str(vm.config[key]):
            raise TaskError("you can't resize a cdrom")
        disk.size = _grown(disk.size, request["size"])
        drive = drives.drive_of(_create_rules(request), key, str(vm.config[key]))
        vm.config[key] = drives.written(drive | {"size": drives.size_in_words(disk.size)})
        try:
            request.estate.hypervisor.resized(vm.vm_id, key, disk.size)
        except GuestError as error:
            raise TaskError(str(error)) from error

    return request.task("resize", request["vmid"], lambda _: _edit(request, grow))


def _create_rules(request: Request) -> Any:
    route = request.estate.schema.route("POST", "/nodes/{node}/qemu")
    return route.rules if route else {}


def _grown(size: int, text: str) -> int:
    wanted = drives.size_in_bytes(text.removeprefix("+")) + (size if text.startswith("+") else 0)
    if wanted < size:
        raise TaskError("shrinking disks is not supported")
    return wanted


def destroy(request: Request) -> str:
    """DELETE: a task. Raises PveError while the VM runs or is protected."""
    _refuse_destroy(request)

    def work(_: Log) -> None:
        with request.estate.locked(int(request["vmid"])):
            vm = _refuse_destroy(request)
            request.estate.hypervisor.destroy(vm.vm_id)
            with request.estate.state as state:
                del state.vms[vm.vm_id]
            request.estate.access.forget_vm(vm.vm_id)
            forget(request.estate, f"vm:{vm.vm_id}", purge=True)

    return request.task("qmdestroy", request["vmid"], work)


def _refuse_destroy(request: Request) -> Vm:
    vm = request.vm()
    if managed(request.estate, vm.vm_id) and not request.flag("purge"):
        raise failed(f"unable to remove VM {vm.vm_id} - used in HA resources and purge parameter not set.")
    if vm.config.get("protection"):
        raise failed(f"can't remove VM {vm.vm_id} - protection mode enabled")
    if request.estate.is_running(vm):
        raise failed(f"VM {vm.vm_id} is running - destroy failed")
    return vm


ROUTES: Routes = {
    ("GET", "/nodes/{node}/qemu"): listed,
    ("POST", "/nodes/{node}/qemu"): create,
    ("DELETE", _VM): destroy,
    ("GET", f"{_VM}/config"): read,
    ("PUT", f"{_VM}/config"): update,
    ("POST", f"{_VM}/config"): update_later,
    ("GET", f"{_VM}/pending"): pending,
    ("PUT", f"{_VM}/resize"): resize,
}
