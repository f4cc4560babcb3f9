"""Start, stop and the rest: the workers behind status/*. The VM's lock is held by each; the hypervisor does the work."""

from __future__ import annotations

import re

from lab.machines.hypervisor import Guest, GuestError, Nic, Volume
from lab.pve import passthrough
from lab.pve.drives import DRIVE, boot_disk, check_reachable, seed_slot
from lab.pve.errors import TaskError
from lab.pve.estate import Estate
from lab.pve.kernels import unseen
from lab.pve.memory import check_memory
from lab.pve.seed import build_seed
from lab.pve.state import Vm
from lab.pve.tasks import Log

#: How long PVE waits for a guest's shutdown when the request does not say, in seconds.
SHUTDOWN_TIMEOUT = 60.0
#: QEMU's words for a VM that PVE does not shut down (PVE::QemuServer, `vm_is_paused` with suspended).
PAUSED = frozenset({"paused", "prelaunch", "suspended"})


def memory_mib(vm: Vm) -> int:
    """The VM's memory in MiB; PVE's default is 512."""
    return int(str(vm.config.get("memory", "512")).removeprefix("current="))


def guest_of(estate: Estate, vm: Vm) -> Guest:
    """The VM as the hypervisor shall start it: its configuration and its seed of this moment. Raises TaskError."""
    check_reachable(vm)
    check_memory(vm.config, memory_mib(vm))
    passthrough.reserve(estate, vm)
    check_trunks(estate, vm)
    check_drives(vm)
    disk = boot_disk(vm)
    return Guest(
        vm_id=vm.vm_id,
        name=str(vm.config.get("name", f"VM{vm.vm_id}")),
        generation=disk.generation if disk else "",
        cores=int(vm.config.get("cores", 1)) * int(vm.config.get("sockets", 1)),
        memory_mib=memory_mib(vm),
        disk_bytes=disk.size if disk else 0,
        nics=tuple(_nic(int(key[3:]), str(vm.config[key])) for key in sorted(vm.config) if re.fullmatch(r"net\d+", key)),
        seed=build_seed(estate, vm),
        config=dict(vm.config),
        volumes={name: Volume(disk.size, disk.generation, disk.image) for name, disk in vm.disks.items()},
        seed_slot=seed_slot(vm),
        unseen=unseen(vm),
    )


def _nic(index: int, text: str) -> Nic:
    found = dict(part.split("=", 1) for part in text.split(","))
    model, mac = next(iter(found.items()))
    return Nic(index, mac, found.get("bridge", ""), int(found["tag"]) if "tag" in found else None, model)


def check_drives(vm: Vm) -> None:
    """What QEMU does not start with: native AIO through a cache, bursts below their limits (util/throttle.c). Raises TaskError."""
    for key in vm.config:
        if not DRIVE.fullmatch(key):
            continue
        drive = dict(part.partition("=")[::2] for part in str(vm.config[key]).split(","))
        if drive.get("aio") == "native" and drive.get("cache", "none") not in {"none", "directsync"}:
            raise TaskError("start failed: QEMU exited with code 1 (aio=native was specified, but it requires cache.direct=on)")
        bursts = [(name, f"{name}_max") for name in ("mbps", "mbps_rd", "mbps_wr", "iops", "iops_rd", "iops_wr")]
        if any(float(drive[burst]) < float(drive.get(limit, "inf")) for limit, burst in bursts if burst in drive):
            raise TaskError("start failed: QEMU exited with code 1 (bps_max/iops_max need bps/iops and cannot be lower)")


def check_trunks(estate: Estate, vm: Vm) -> None:
    """A trunk needs a bridge that knows VLANs (PVE::Network::tap_plug). Raises TaskError."""
    for text in (str(vm.config[key]) for key in vm.config if re.fullmatch(r"net\d+", key)):
        found = dict(part.split("=", 1) for part in text.split(","))
        told = estate.conditions.bridges.get((vm.node, found.get("bridge", ""))) or {}
        if found.get("trunks") and not told.get("bridge_vlan_aware", 1):
            raise TaskError("vlan aware feature need to be enabled to use trunks")


def check_lock(vm: Vm) -> None:
    """What PVE does with a VM, nobody else does (PVE::AbstractConfig, `check_lock`). Raises TaskError."""
    if vm.config.get("lock"):
        raise TaskError(f"VM is locked ({vm.config['lock']})")


def start(estate: Estate, vm: Vm, log: Log) -> None:
    """Qmstart. The seed is built here, so a snippet that is missing on this node fails the task."""
    with estate.locked(vm.vm_id):
        check_lock(vm)
        if estate.is_running(vm):
            raise TaskError(f"VM {vm.vm_id} already running")
        _start(estate, guest_of(estate, vm), log)


def _start(estate: Estate, guest: Guest, log: Log) -> None:
    if guest.seed:
        log("generating cloud-init ISO")
    if guest.unseen:
        log(f"lab: the kernel of this VM's image drives none of {', '.join(sorted(guest.unseen))}: the guest does not see them")
    try:
        estate.hypervisor.start(guest)
    except GuestError as error:
        raise TaskError(f"start failed: {error}") from error
    estate.guests[guest.vm_id] = guest


def stop(estate: Estate, vm: Vm, log: Log, *, overrules: bool = False) -> None:
    """qmstop: cuts the power. A VM that does not run is fine. `overrules`: a shutdown that waits for the guest is ended first, so its
    lock is not waited for (PVE::GuestHelpers, `abort_guest_tasks`).
    """
    waits = any(
        task.kind == "qmshutdown" and task.subject == str(vm.vm_id) and task.exit_status is None for task in estate.tasks.all(vm.node)
    )
    if overrules and waits:
        _stop(estate, vm, log)
        return
    with estate.locked(vm.vm_id):
        _stop(estate, vm, log)


def _stop(estate: Estate, vm: Vm, log: Log) -> None:
    if estate.is_running(vm):
        check_lock(vm)
        log(f"stopping VM {vm.vm_id}")
        estate.hypervisor.stop(vm.vm_id)


def shutdown(estate: Estate, vm: Vm, timeout: float | None, *, force: bool, log: Log) -> None:
    """qmshutdown: asks the guest, waits, and cuts the power in the end when `force` says so. Raises TaskError."""
    with estate.locked(vm.vm_id):
        _shutdown(estate, vm, timeout, force=force, log=log)


def _shutdown(estate: Estate, vm: Vm, timeout: float | None, *, force: bool, log: Log) -> None:
    if not estate.is_running(vm):
        return
    check_lock(vm)
    try:
        estate.hypervisor.shutdown(vm.vm_id, SHUTDOWN_TIMEOUT if timeout is None else timeout)
    except GuestError as error:
        if not force:
            raise TaskError("VM quit/powerdown failed - got timeout") from error
        log("VM quit/powerdown failed - terminating now with SIGTERM")
        estate.hypervisor.stop(vm.vm_id)


def reboot(estate: Estate, vm: Vm, timeout: float | None, log: Log) -> None:
    """qmreboot: a shutdown and a start, so pending changes and snippets are taken in."""
    with estate.locked(vm.vm_id):
        _shutdown(estate, vm, timeout, force=False, log=log)
        _start(estate, guest_of(estate, vm), log)


def reset(estate: Estate, vm: Vm, log: Log) -> None:
    """qmreset: the reset button. The drive stays as the last start built it.

    One whose processors stood still begins nothing: QEMU leaves it in `prelaunch` (system/runstate.c, `main_loop_should_exit`).
    """
    with estate.locked(vm.vm_id):
        check_lock(vm)
        if estate.conditions.qmp.get(vm.vm_id):
            estate.conditions.qmp[vm.vm_id] = "prelaunch"
        guest = estate.guests.get(vm.vm_id) or guest_of(estate, vm)
        estate.hypervisor.stop(vm.vm_id)
        _start(estate, guest, log)
