"""/nodes/{node}/qemu/{vmid}/status: power."""

from __future__ import annotations

from typing import Any

from lab.pve import ha, power
from lab.pve.errors import TaskError, bad_parameters, failed
from lab.pve.routes.handler import Request, Routes

_STATUS = "/nodes/{node}/qemu/{vmid}/status"


def current(request: Request) -> dict[str, Any]:
    """GET status/current."""
    vm, status = request.vm(), request.estate.power(request.vm())
    qmp = (request.estate.conditions.qmp.get(vm.vm_id) if status == "running" else "") or status
    agent = str(vm.config.get("agent", "0"))
    told = {"vmid": vm.vm_id, "name": vm.config.get("name"), "status": status, "qmpstatus": qmp, "cpus": int(vm.config.get("cores", 1)),
            "maxmem": power.memory_mib(vm) * 1024**2, "maxdisk": 0, "mem": 0, "cpu": 0, "disk": 0,
            "uptime": int(status == "running"), "ha": ha.told(request.estate, vm.vm_id)}  # fmt: skip
    told |= {"lock": vm.config["lock"]} if vm.config.get("lock") else {}
    told |= {"agent": 1} if agent.startswith(("1", "enabled=1")) or ",enabled=1" in agent else {}
    return told | ({"tags": vm.config["tags"]} if vm.config.get("tags") else {})


def _root_only(request: Request, *names: str) -> None:
    for name in names:
        if name in request.parameters and request.user != "root@pam":
            raise bad_parameters({name: "Only root may use this option."})


def _timeout(request: Request) -> float | None:
    text = request.get("timeout")
    return None if text is None else float(text)


def _ask_manager(request: Request) -> None:
    """`ha-manager set SID --state started`: what HA looks after is started by its manager, which then keeps it so."""
    sid = f"vm:{request['vmid']}"
    with request.estate.state as known:
        known.ha[sid]["state"] = "started"
    ha.settle_one(request.estate, sid)
    if request.estate.ha_states.get(sid) == "error":
        raise TaskError(f"service '{sid}' in error state, must be disabled and fixed first")


def _stopped_by_manager(request: Request, timeout: float) -> str:
    """`ha-manager crm-command stop SID SECONDS`: the task ends once the manager was told, and the VM is off later."""
    return request.task("hastop", request["vmid"], lambda _: ha.stop(request.estate, f"vm:{request['vmid']}", timeout))


def start(request: Request) -> str:
    """POST status/start: a task."""
    _root_only(request, "skiplock", "stateuri", "migratedfrom")
    vm = request.vm()
    if ha.managed(request.estate, vm.vm_id):
        return request.task("hastart", request["vmid"], lambda _: _ask_manager(request))
    return request.task("qmstart", request["vmid"], lambda log: power.start(request.estate, vm, log))


def stop(request: Request) -> str:
    """POST status/stop: a task."""
    _root_only(request, "skiplock", "keepActive", "migratedfrom")
    vm = request.vm()
    if ha.managed(request.estate, vm.vm_id):
        if request.flag("overrule-shutdown"):
            raise bad_parameters({"overrule-shutdown": "Not applicable for HA resources."})
        return _stopped_by_manager(request, 0.0)
    overrules = request.flag("overrule-shutdown")
    return request.task("qmstop", request["vmid"], lambda log: power.stop(request.estate, vm, log, overrules=overrules))


def shutdown(request: Request) -> str:
    """POST status/shutdown: a task that waits for the guest."""
    _root_only(request, "skiplock", "keepActive")
    vm, timeout, force = request.vm(), _timeout(request), request.flag("forceStop")
    if request.estate.is_running(vm) and request.estate.conditions.qmp.get(vm.vm_id) in power.PAUSED and not force:
        raise failed("VM is paused - cannot shutdown")
    if ha.managed(request.estate, vm.vm_id):
        return _stopped_by_manager(request, power.SHUTDOWN_TIMEOUT if timeout is None else timeout)
    return request.task("qmshutdown", request["vmid"], lambda log: power.shutdown(request.estate, vm, timeout, force=force, log=log))


def reboot(request: Request) -> str:
    """POST status/reboot: a task. Raises PveError when the VM does not run."""
    vm, timeout = request.vm(), _timeout(request)
    _refuse_stopped(request)
    return request.task("qmreboot", request["vmid"], lambda log: power.reboot(request.estate, vm, timeout, log))


def reset(request: Request) -> str:
    """POST status/reset: a task. Raises PveError when the VM does not run."""
    _root_only(request, "skiplock")
    vm = request.vm()
    _refuse_stopped(request)
    return request.task("qmreset", request["vmid"], lambda log: power.reset(request.estate, vm, log))


def _refuse_stopped(request: Request) -> None:
    if not request.estate.is_running(request.vm()):
        raise failed(f"VM {request['vmid']} not running")


ROUTES: Routes = {
    ("GET", f"{_STATUS}/current"): current,
    ("POST", f"{_STATUS}/start"): start,
    ("POST", f"{_STATUS}/stop"): stop,
    ("POST", f"{_STATUS}/shutdown"): shutdown,
    ("POST", f"{_STATUS}/reboot"): reboot,
    ("POST", f"{_STATUS}/reset"): reset,
}
