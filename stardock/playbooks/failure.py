"""From Ansible's last words to an error that a person can act on: the machine, the task, the cause in one line, what to do."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from stardock.distributions import Kubernetes
from stardock.distributions.causes import Cause, find_cause, plain
from stardock.distributions.model import NodeRole
from stardock.errors import ConditionError, EngineError, RefusedError, StardockError
from stardock.model.jump import Jump
from stardock.model.stages import NAMES
from stardock.playbooks.events import Event
from stardock.playbooks.progress import Watcher

_LONGEST = 900
#: The task by which the role kubernetes restarts no server that etcd needs.
QUORUM = "No server goes while etcd needs it"
#: How the role reachable begins to say that a machine has none of the MACs that are planned for it.
OTHER_MACHINE = "another machine than "
#: And that its clock is not that of the others (the collection's filter `wrong_clocks`).
WRONG_CLOCK = "the clock of "
#: The role that looks at hosts that exist already.
PREFLIGHT = "preflight"
_MOST_FAULTS = 40
_KEY = "ssh.private_key in cluster.yaml must be the other half of one of ssh.keys, which `ssh_user` of a host must let in"
_SUDO = "ssh.user (`ssh_user` of a host) must be root, or may use sudo without a password (as those in cloud_init.users may)"
#: Words of a machine, of ssh or of Ansible -> what to do.
_CURES = {
    WRONG_CLOCK: "see there what `timedatectl` says, and whether it reaches its time servers",
    " MiB in answer to one command": "log in and look at what it prints, also at login (/etc/profile, ~/.bashrc, a banner);"
    " who cannot say why makes it anew",
    "Permission denied": _KEY,
    "Load key": _KEY,
    "sudo password": _SUDO,
    "a password is required": _SUDO,
}
_TAKEN = (
    "take the address away from whatever answers there, or, if it is that machine with another MAC, put the MAC back in Proxmox"
    " (`runner drift` shows what differs)"
)
_ANOTHER = f"with an address from DHCP, `runner discover` reads through Proxmox which one the machine has now; else {_TAKEN}"
_UNREACHED = "does the machine run, and is its address right? `runner discover` reads both through Proxmox"
_UNREACHED_MUTE = (
    "does the machine run (`runner drift` tells it of VMs), and has it its address? Its console in Proxmox shows it: it has no agent;"
    " of a host that exists already: is its `address` right in cluster.yaml, and its `ssh_port`?"
)
_CHANGED = "if the machine was made anew, `runner discover` reads its new key through Proxmox; if not, somebody else has its address"
#: Of a machine without a guest agent nobody but itself knows the key: Proxmox has no way into it.
_CHANGED_UNSEEN = (
    "if the machine was made anew, take its old keys out of the facts (X.facts.json: `host_keys` below its name becomes []), then"
    " `runner bootstrap --accept-new-host-keys`: it has no guest agent to ask (of a host, correct its `host_keys` in cluster.yaml); if it"
    " was not, somebody else has its address"
)


def failure_error(
    watcher: Watcher,
    kubernetes: Kubernetes,
    log: Path,
    code: int,
    *,
    nodes: Mapping[str, str] | None = None,
    mute: Collection[str] = (),
    jumps: Mapping[str, Jump] | None = None,
) -> StardockError:
    """Make the error of a run that failed. `nodes`: machine -> its Node's name, for commands; `mute`: machines without a guest agent;
    `jumps`: machine -> the jump host before it.
    """
    event = watcher.failure
    again = f"the whole log is {log}; every stage may be run again: runner bootstrap --from-stage {_stage(watcher)}"
    if event is None:
        return EngineError(f"ansible-playbook ended with {code} and no machine failed", cure=f"its own words are in {log}")
    message = f"{event.host}: {event.task}: {cause(event)}"
    if event.play.startswith("Founder: whether") or event.task == "Secrets are the cluster's own":
        return RefusedError(cause(event), cure=f"nothing was changed by this stage; {again}")
    if event.task == QUORUM:
        return ConditionError(cause(event), cure=again)
    if not_reached(event):
        return ConditionError(message, cure=f"{reach_cure(message, mute=event.host in mute, jump=(jumps or {}).get(event.host))}; {again}")
    if event.role == PREFLIGHT:
        return unfit(event)
    return _told(event, known_cause(watcher, kubernetes, event, nodes or {}), again)


def _told(event: Event, found: Cause | None, again: str) -> EngineError:
    message = f"{event.host}: {event.task}: {cause(event)}"
    if found is None:
        return EngineError(message, cure=again)
    return EngineError(f"{event.host}: {found.words}{_read(found, message)}\n  {message}", cure=f"{found.cure}; {again}")


def unfit(event: Event) -> ConditionError:
    """A host that cannot run Kubernetes as it is, with all that is in the way, a line each."""
    said = event.result.get("faults")
    faults = [_one_line(str(one)) for one in said[:_MOST_FAULTS]] if isinstance(said, list) and said else [cause(event)]
    lines = "".join(f"\n  {fault}" for fault in faults)
    cure = "nothing was changed on any machine; when that is mended: runner bootstrap"
    return ConditionError(f"{event.host} cannot run Kubernetes as it is:{lines}", cure=cure)


def known_cause(
    watcher: Watcher, kubernetes: Kubernetes, event: Event, nodes: Mapping[str, str], role: NodeRole = "server"
) -> Cause | None:
    """What its machine's logs, else the words of the failure, are known to mean. `nodes`: machine -> its Node's name."""
    found = find_cause(kubernetes, watcher.logs.get(event.host, ""), role) or find_cause(kubernetes, cause(event), role)
    return replace(found, cure=found.cure.replace("NODE", nodes.get(event.host, event.host))) if found else None


def _read(found: Cause, message: str) -> str:
    """The line that tells the cause, where the message does not."""
    return "" if found.line in message else f". Its log says: {found.line}"


def agent_words(watcher: Watcher, kubernetes: Kubernetes, event: Event, nodes: Mapping[str, str]) -> str:
    """Of an agent that failed: cause and cure, in one line."""
    found = known_cause(watcher, kubernetes, event, nodes, "agent")
    message = f"{event.task}: {cause(event)}"
    return f"{found.words}{_read(found, message)} ({message}): {found.cure}" if found else message


def _stage(watcher: Watcher) -> str:
    """The stage that failed, or the first one where none had begun."""
    if watcher.stage in NAMES:
        return watcher.stage
    return next((name for name in NAMES if name in watcher.stages), NAMES[0])


def not_reached(event: Event) -> bool:
    """Whether a machine could not be asked, or is another one."""
    return event.kind == "unreachable" or event.role == "reachable"


def reach_cure(message: str, *, mute: bool = False, jump: Jump | None = None) -> str:
    """What to do about a machine that is not reached; ssh says of a jump host what it says of the machine behind it."""
    cure = _machine_cure(message, mute=mute)
    if jump is None or OTHER_MACHINE in message:
        return cure
    return f"look first at its jump host {jump}: `runner doctor` tries it, and ~/.ssh/known_hosts must have its key; if it is well: {cure}"


def _machine_cure(message: str, *, mute: bool) -> str:
    """`runner discover` does not ask a machine without a guest agent (`mute`)."""
    if OTHER_MACHINE in message:
        return _TAKEN if mute else _ANOTHER
    if "IDENTIFICATION HAS CHANGED" in message or "Host key verification failed" in message:
        return _CHANGED_UNSEEN if mute else _CHANGED
    known = (cure for words, cure in _CURES.items() if words in message)
    return next(known, _UNREACHED_MUTE if mute else _UNREACHED)


def cause(event: Event) -> str:
    """What went wrong, in one line."""
    if "censored" in event.result:  # a task that holds a secret
        return "stopped answering on ssh" if event.kind == "unreachable" else "its words are hidden, because they could hold a secret"
    return result_words(event.result, event.output)


def result_words(result: Mapping[str, Any], otherwise: str = "") -> str:
    """What a failed task's result says, in one line of printable text."""
    return _one_line(_words(result) or otherwise or "no reason was given")


def _one_line(words: str) -> str:
    line = re.sub(r"\s+", " ", plain(words)).strip()
    return line if len(line) <= _LONGEST else line[: _LONGEST - 3] + "..."


def _words(result: Mapping[str, Any]) -> str:
    """The module's message, with the URL that it asked and the answer; of a command its error output; of a loop the items that failed."""
    results = result.get("results")
    items = [_words(item) for item in results if isinstance(item, dict) and item.get("failed")] if isinstance(results, list) else []
    said = ": ".join(str(result[key]) for key in ("url", "msg", "response") if result.get(key))
    if said.startswith("non-zero return code") or not said:
        said = str(result.get("stderr") or result.get("stdout") or said)
    return " | ".join(items) or said
