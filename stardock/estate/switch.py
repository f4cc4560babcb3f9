"""Power of a VM: on, off, reset, each waited for. What HA looks after is switched by its manager, which PVE's own methods ask.

PVE::API2::Qemu (9.2.6): start, stop and shutdown of a VM under HA only tell the manager (`hastart`, `hastop`), which acts later; reset goes
to QEMU in any case. A VM with a lock is left alone (`VM is locked`), a paused one cannot shut down.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from proxmoxer.core import ResourceException

from stardock.errors import ConditionError
from stardock.estate.agent import addresses_of
from stardock.estate.answers import shown
from stardock.estate.connection import Estate
from stardock.estate.machines import EstateMachine, machines_on
from stardock.estate.power import Power, power_of
from stardock.estate.reasons import Reason
from stardock.estate.refusals import NoAnswer

POLL_SECONDS = 1.0
#: What PVE adds to a time-out of its own: the lock of the VM (10 s), SIGTERM and SIGKILL (PVE::QemuServer, `_do_vm_stop`).
SLACK_SECONDS = 40.0
#: PVE waits max(30, GiB of memory) seconds for a VM to start, longer with devices; the manager acts every 10 s or so.
START_SECONDS = 300.0

#: A shutdown lasts as long as somebody gave it.
END_SECONDS = 600.0
_OFF_TASKS = ("qmshutdown", "qmstop")
#: PVE::HA::Manager's state of a service that is being stopped.
_HA_STOPS = "request_stop"
#: QEMU's words for processors that stand still, of which PVE shuts none down (PVE::QemuServer, `vm_is_paused` with suspended).
PAUSED = frozenset({"paused", "prelaunch", "suspended"})
#: PVE's words for what it did not begin.
_NOT_BEGUN = ("VM is locked", "in error state", "VM is paused", "does not exist", "already running")

UPID = re.compile(r"UPID:([A-Za-z0-9.-]+):[^/\s]+")


class NothingDone(ConditionError):
    """Proxmox refused it: the machine is as it was."""


def start(estate: Estate, vm: EstateMachine) -> None:
    """Switch it on. Raises ConditionError with PVE's words."""
    _switch(estate, vm, "start", START_SECONDS)
    _until(estate, vm, START_SECONDS, running=True)


def shutdown(estate: Estate, vm: EstateMachine, seconds: int, *, force: bool) -> None:
    """Ask the guest, by its agent or ACPI. `force`: cut the power when it has not shut down by then.

    Raises ConditionError where it stays on.
    """
    _switch(estate, vm, "shutdown", seconds + SLACK_SECONDS, timeout=seconds, **({"forceStop": 1} if force else {}))
    _until(estate, vm, seconds + SLACK_SECONDS, running=False)


def cut(estate: Estate, vm: EstateMachine, power: Power) -> None:
    """Pull the plug, also while PVE waits for a shutdown. Raises ConditionError."""
    overrule = {} if power.ha else {"overrule-shutdown": 1}
    _switch(estate, vm, "stop", SLACK_SECONDS, **overrule)
    _until(estate, vm, SLACK_SECONDS, running=False)


def reset(estate: Estate, vm: EstateMachine) -> None:
    """Press the reset button. Raises ConditionError."""
    _switch(estate, vm, "reset", SLACK_SECONDS)


def mute(estate: Estate, vm: EstateMachine) -> Reason | None:
    """Why its guest agent tells nothing; None: it answers, if only to say that it may not."""
    reason = addresses_of(estate, vm).reason
    return reason if reason is not None and reason.mute else None


def ending(estate: Estate, vm: EstateMachine, power: Power) -> str:
    """What is switching it off at this moment: PVE's task, or the HA manager's word; empty: nothing that this token may see.

    PVE::API2::Tasks, `source=active`: tasks without an end run; a token is told of its own, of others' with Sys.Audit. A task of ours goes
    on when we are killed.
    """
    if power.ha:
        return power.ha if power.ha == _HA_STOPS else ""
    try:
        told = estate.read(lambda api: api.nodes(vm.pve_node).tasks.get(source="active", vmid=vm.vm_id))
    except ResourceException:
        return ""
    tasks = [one for one in told if isinstance(one, dict)] if isinstance(told, list) else []
    return next((str(one.get("upid")) for one in tasks if one.get("type") in _OFF_TASKS and not one.get("endtime")), "")


def await_end(estate: Estate, vm: EstateMachine, what: str) -> None:
    """Wait until that which `ending` named has ended, whatever came of it. Raises ConditionError."""
    if what == _HA_STOPS:
        _until(estate, vm, END_SECONDS, running=False)
    else:
        ended(estate, what, END_SECONDS)


def await_agent(estate: Estate, vm: EstateMachine, seconds: float) -> None:
    """Wait until its guest agent answers, wherever HA started it. Raises ConditionError with the last reason."""
    end, reason = time.monotonic() + seconds, mute(estate, vm)
    while reason is not None:
        if reason.patience == 0.0:  # no time brings it
            raise ConditionError(f"{vm.name} runs, and cannot be waited for: {reason.of(vm.name)}", cure=reason.cure)
        if time.monotonic() > end:
            raise ConditionError(f"{vm.name} runs, and after {seconds:g} s: {reason.of(vm.name)}", cure=_AWAITED.format(vm=vm))
        time.sleep(POLL_SECONDS)
        vm = _found_again(estate, vm)
        reason = mute(estate, vm)


def _switch(estate: Estate, vm: EstateMachine, verb: str, seconds: float, **options: Any) -> None:
    """Ask PVE and wait for the task's end."""
    try:
        upid = estate.read(lambda api: api.nodes(vm.pve_node).qemu(vm.vm_id).status(verb).post(**options))
    except ResourceException as error:
        raise _refused(vm, verb, shown(error.content or error.status_message or error.status_code), begun=False) from error
    end = ended(estate, str(upid), seconds)
    if not went_well(end):
        raise _refused(vm, verb, end)


def ended(estate: Estate, upid: str, seconds: float) -> str:
    """How a task ended, in PVE's words: `OK` where it went well. Somebody who does not answer meanwhile is asked again."""
    found = UPID.fullmatch(upid)
    if not found:
        raise NoAnswer(f"{estate.endpoint} answers, but not as Proxmox does: {shown(upid)} is no task")
    end = time.monotonic() + seconds
    while True:
        status = _patiently(lambda: estate.insist(lambda api: api.nodes(found[1]).tasks(upid).status.get()))
        if isinstance(status, dict) and status.get("status") == "stopped":
            return shown(status.get("exitstatus") or "it ended without a word")
        if time.monotonic() > end:
            raise ConditionError(f"Proxmox is still at it after {seconds:g} s: {upid}", cure="look at the task's log in Proxmox")
        time.sleep(POLL_SECONDS)


def went_well(end: str) -> bool:
    """Whether a task that ended so did what it was asked."""
    return end == "OK" or end.startswith("WARNINGS")


def _patiently(question: Callable[[], Any]) -> Any:
    try:
        return question()
    except NoAnswer:
        return None


def _until(estate: Estate, vm: EstateMachine, seconds: float, *, running: bool) -> None:
    """Wait until it is so: the manager of HA was only told."""
    end = time.monotonic() + seconds
    while (power := power_of(estate, vm)) is None or power.running != running:
        if time.monotonic() > end:
            wanted = "runs" if running else "is off"
            told = f"; HA says {power.ha}" if power and power.ha else ""
            raise ConditionError(f"{vm.name} is not yet seen as one that {wanted}, {seconds:g} s after Proxmox was asked{told}")
        time.sleep(POLL_SECONDS)
        if power is None:
            vm = _found_again(estate, vm)


def _found_again(estate: Estate, vm: EstateMachine) -> EstateMachine:
    """Where it is now: HA may have started it elsewhere."""
    found = (_patiently(lambda: machines_on(estate)) or {}).get(vm.vm_id, vm)
    return replace(vm, pve_node=found.pve_node)


def would_not(vm: EstateMachine, verb: str, said: str) -> ConditionError:
    """What Proxmox would refuse, known before it is asked."""
    return _refused(vm, verb, said, did="would not")


def _refused(vm: EstateMachine, verb: str, said: str, *, did: str = "did not", begun: bool = True) -> ConditionError:
    cure = next((cure for word, cure in _CURES if word in said), "look at the task's log in Proxmox")
    message = f"Proxmox {did} {verb} {vm.name} (VM {vm.vm_id} on {vm.pve_node}): {said}"
    is_as_it_was = not begun or any(words in said for words in _NOT_BEGUN)
    return (NothingDone if is_as_it_was else ConditionError)(message, cure=cure.format(vm=vm))


_AWAITED = (
    "runner machine console {vm.name} shows what it prints; once it answers, `runner machine start {vm.name}` takes a cordon of ours back"
)
_CURES = (
    (
        "VM is locked",
        "Proxmox is at work on it: wait for that; a lock that an aborted job left is taken away by qm unlock {vm.vm_id} on {vm.pve_node}",
    ),
    (
        "can't lock file",
        "another task of Proxmox works on it: wait, or `runner machine stop {vm.name} --timeout 0 --force`, which ends a shutdown",
    ),
    ("in error state", "ha-manager set vm:{vm.vm_id} --state disabled on a PVE node, see to the cause, then this again"),
    ("VM is paused", "qm resume {vm.vm_id} on {vm.pve_node}, or `runner machine stop {vm.name} --force`"),
    (
        "got timeout",
        (
            "`runner machine stop {vm.name} --force` cuts its power, `runner machine start {vm.name}` has it take pods again;\n"
            "`runner machine console {vm.name}` shows what it does"
        ),
    ),
    ("powerdown failed", "`runner machine stop {vm.name} --force` cuts its power"),
)
