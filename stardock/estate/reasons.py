"""Why a machine did not tell something: what PVE and qemu-ga answer, as values, each with whether waiting helps and what to do.

The words are PVE's (PVE::QemuServer::Agent, PVE::API2::Qemu::Agent, PVE::QMPClient; August 2026) and qemu-ga's (qga/commands-posix.c,
qapi/qmp-dispatch.c; 2.x to 10.x). What comes from a guest is hostile: it is shown short and without control characters, and never obeyed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto

from proxmoxer.core import ResourceException

from stardock.estate.answers import shown
from stardock.estate.machines import EstateMachine
from stardock.estate.refusals import NO_WAY

#: Seconds in which somebody else may be about to start or continue a VM: HA, `qm reboot`, a snapshot that pauses it.
GRACE = 30.0

#: What each endpoint needs of the token, and of the agent.
PRIVILEGES = {"network-get-interfaces": "VM.GuestAgent.Audit", "file-read": "VM.GuestAgent.FileRead"}
RPCS = {
    "network-get-interfaces": ("guest-network-get-interfaces",),
    "file-read": ("guest-file-open", "guest-file-read", "guest-file-close"),
}


class Kind(Enum):
    """What stands in the way."""

    SILENT = auto()  # no agent answers
    UNCONFIGURED = auto()  # the VM has no agent's channel
    STOPPED = auto()
    PAUSED = auto()  # QEMU holds its processors
    FROZEN = auto()  # the guest's file systems are, so its agent does nearly nothing
    FORBIDDEN = auto()  # by Proxmox, to our token
    DISABLED = auto()  # by the guest, to everybody
    DENIED = auto()  # a file, to the agent
    ABSENT = auto()  # a file
    UNREACHABLE = auto()  # the PVE node, or Proxmox
    MOVED = auto()  # the VM, to another PVE node, or away
    ODD = auto()  # an answer that is none
    MISSING = auto()  # nothing is in the way: the machine does not have it (yet)
    OTHER = auto()


@dataclass(frozen=True, slots=True)
class Reason:
    """`words` follow the machine's name. `patience`: seconds for which waiting may help; None: for as long as there is time."""

    kind: Kind
    words: str
    cure: str = ""
    patience: float | None = None

    def of(self, name: str) -> str:
        """A sentence about the machine of that name."""
        return f"{name}'s {self.words}" if self.words.startswith("guest") else f"{name} {self.words}"

    @property
    def mute(self) -> bool:
        """Whether the agent answers no other question either."""
        return self.kind in {Kind.SILENT, Kind.UNCONFIGURED, Kind.STOPPED, Kind.PAUSED, Kind.FROZEN, Kind.UNREACHABLE, Kind.MOVED}


def of_refusal(vm: EstateMachine, endpoint: str, error: ResourceException) -> Reason:
    """Read PVE's refusal of a question to the agent."""
    said = shown(error.content or error.status_message or "")
    if error.status_code in NO_WAY:
        return Reason(Kind.UNREACHABLE, f"is on {vm.pve_node}, which Proxmox does not reach ({said or error.status_code})", _NODE)
    return _of_pve(vm, said) or of_agent_error(vm, endpoint, said.removeprefix("Agent error: "))


def _of_pve(vm: EstateMachine, said: str) -> Reason | None:
    """PVE's own words, before or instead of the agent's."""
    known = {
        "No QEMU guest agent configured": _unconfigured(vm),
        f"VM {vm.vm_id} is not running": stopped(vm),
        f"VM {vm.vm_id} not running": stopped(vm),
        "guest agent is not running": Reason(Kind.SILENT, "guest agent is silent", _RESTART.format(vm=vm)),
        f"/{vm.vm_id}.conf' does not exist": Reason(Kind.MOVED, f"is no longer on {vm.pve_node}: it moves, or it is gone"),
        "got timeout": hung(vm, f"in Proxmox's time ({said})"),
        "qga socket": hung(vm, f"in Proxmox's time ({said})"),
    }
    return next((reason for words, reason in known.items() if words in said), None)


def of_agent_error(vm: EstateMachine, endpoint: str, error: object) -> Reason:
    """Read the agent's own error: `{"class": ..., "desc": ...}`, its words alone, or anything else."""
    said = shown(error.get("desc") if isinstance(error, Mapping) else error)
    disabled = re.search(r"[Cc]ommand (\S+) has (been disabled|not been found)", said)
    if "the agent is in frozen state" in said:
        return frozen(vm)
    if disabled:
        return _disabled(endpoint, disabled[1], unknown=disabled[2] == "not been found")
    if "No such file or directory" in said:
        return Reason(Kind.ABSENT, f"has no such file ({said})")
    if "Permission denied" in said:
        return Reason(Kind.DENIED, f"keeps the file from its guest agent ({said})")
    return Reason(Kind.OTHER, f"guest agent answers: {said}", f"look at its agent: journalctl -u qemu-guest-agent on VM {vm.vm_id}")


def hung(vm: EstateMachine, when: str) -> Reason:
    """The agent's channel is there, and nobody answers on it: Proxmox gives up, or we do before it."""
    words = f"guest agent did not answer {when}: VM {vm.vm_id} on {vm.pve_node}"
    return Reason(Kind.SILENT, words, _RESTART.format(vm=vm))


def odd(vm: EstateMachine, told: object) -> Reason:
    """An answer of another shape than the agent's protocol has."""
    words = f"guest agent gave an answer that is not valid: {shown(told)}"
    return Reason(Kind.ODD, words, f"look at the guest agent of VM {vm.vm_id}: another program may hold its channel", GRACE)


def forbidden(vm: EstateMachine, endpoint: str) -> Reason:
    """403 concerns one VM and one privilege: others may answer."""
    words = f"may not be asked: the API token lacks {PRIVILEGES[endpoint]} on /vms/{vm.vm_id}"
    return Reason(Kind.FORBIDDEN, words, "runner doctor tells every privilege that is missing, with the commands that give it", 0.0)


def frozen(vm: EstateMachine) -> Reason:
    """A backup or a snapshot is being made, or one that failed did not thaw them."""
    cure = f"if no backup or snapshot is being made of it, thaw it: qm guest cmd {vm.vm_id} fsfreeze-thaw on {vm.pve_node}"
    return Reason(Kind.FROZEN, "guest's file systems are frozen, as for a backup", cure)


def stopped(vm: EstateMachine) -> Reason:
    """Nobody but HA or a person starts it."""
    return Reason(
        Kind.STOPPED, "is not running", f"runner machine start NAME (VM {vm.vm_id} on {vm.pve_node}); runner deploy starts all", GRACE
    )


def paused(vm: EstateMachine, state: str, lock: str) -> Reason:
    """QEMU's word for why its processors stand still; with a lock, PVE is at work on it and goes on by itself."""
    words = f"is not being run by QEMU ({shown(state)}{f', locked: {shown(lock)}' if lock else ''})"
    full = "QEMU met an error of its disk: is the datastore full? Then " if state == "io-error" else ""
    return Reason(Kind.PAUSED, words, f"{full}qm resume {vm.vm_id} on {vm.pve_node}", None if lock else GRACE)


def _unconfigured(vm: EstateMachine) -> Reason:
    cure = f"runner deploy gives VM {vm.vm_id} the agent's channel, which is there after a stop and a start on Proxmox (not after a reboot)"
    return Reason(Kind.UNCONFIGURED, "has no guest agent configured on Proxmox", cure, 0.0)


def _disabled(endpoint: str, command: str, *, unknown: bool) -> Reason:
    needed = ", ".join(RPCS.get(endpoint, (command,)))
    if unknown:
        return Reason(Kind.DISABLED, f"guest agent does not know {shown(command)}", "install a newer qemu-guest-agent on it", 0.0)
    cure = (
        f"on the machine, allow {needed}: `block-rpcs` and `allow-rpcs` in /etc/qemu/qemu-ga.conf, or FILTER_RPC_ARGS in "
        "/etc/sysconfig/qemu-ga; then systemctl restart qemu-guest-agent"
    )
    return Reason(Kind.DISABLED, f"guest agent may not do {shown(command)}: it is disabled there", cure, 0.0)


#: Where the guest itself hangs, too, only its console shows why.
_RESTART = (
    "on VM {vm.vm_id}, by SSH or its console in Proxmox: systemctl restart qemu-guest-agent; if the machine hangs: "
    "runner machine console NAME shows what it prints, runner machine reset NAME resets it (VM {vm.vm_id} on {vm.pve_node})"
)
_NODE = "is the PVE node up, and the cluster's network between the PVE nodes?"
