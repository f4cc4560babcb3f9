"""What the engine may do to machines: a pure judgement of its plan (`stardock.terraform.changes`).

Snippets and images may come and go, machines and what is on their disks may not. Both engines write the plan file also when
`prevent_destroy` made them fail (run with tofu 1.12.6 and terraform 1.11.4), so that everything is judged here, with a cure, and at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from shlex import quote

from stardock.distributions import DEFAULT, Kubernetes
from stardock.errors import RefusedError
from stardock.model.machine import Role
from stardock.terraform.changes import MachineChange, Strange


@dataclass(frozen=True, slots=True)
class Allowed:
    """What was named, and what must be kept. `losing` are machines that may lose a disk or the like in place.

    `roles` covers machines in the plan and those that the lock retired.

    `observed` are the machines that once answered (facts hold their host keys): a server that never did is no member of anything.
    `unknown` are servers that may exist and never said whether they belong to a founded cluster: all of them where there are no facts.
    `mute` are those whose VM has no guest agent, which only bootstrap can ask.
    `adopt` are the VMs to take into the state: name -> `PVE node/VM id`.
    """

    replace: frozenset[str] = frozenset()
    remove: frozenset[str] = frozenset()
    losing: frozenset[str] = frozenset()
    roles: Mapping[str, Role] | None = None
    founded: bool = False
    observed: frozenset[str] = frozenset()
    unknown: frozenset[str] = frozenset()
    mute: frozenset[str] = frozenset()
    adopt: Mapping[str, str] = field(default_factory=dict)
    nodes: Mapping[str, str] = field(default_factory=dict)  # machine -> what Kubernetes calls it
    kubernetes: Kubernetes = DEFAULT

    def node(self, name: str) -> str:
        """What Kubernetes calls a machine."""
        return self.nodes.get(name, name)

    def role(self, name: str) -> Role:
        """The role of a machine; one that nobody knows is treated as what needs most care."""
        return (self.roles or {}).get(name, "server")


@dataclass(frozen=True, slots=True)
class Refusal:
    """One thing that will not be done, and what to do instead."""

    name: str
    message: str
    cure: str


def judge(changes: Sequence[MachineChange], allowed: Allowed) -> tuple[Refusal, ...]:
    """Everything in these changes that must not happen; empty when all may."""
    doomed = [change for change in changes if change.destroys]
    refusals = [refusal for change in changes for refusal in _judge_one(change, allowed)]
    return (*refusals, *_judge_load_balancers(doomed, allowed))


def judge_strange(strange: Sequence[Strange], engine: str, folder: str) -> tuple[Refusal, ...]:
    """Refuse what is not known in a plan. `engine` and `folder` are for the cure: what a person looks with, and where."""
    return tuple(_strange(one, engine, folder) for one in strange)


def _strange(one: Strange, engine: str, folder: str) -> Refusal:
    look = f"see it yourself: (cd {quote(folder)} && {engine} plan)"
    if not one.address:
        return Refusal("", f"the plan is of a kind that this Stardock does not know: {one.what}", f"{look}; a newer Stardock may know it")
    cure = f"what is not Stardock's leaves its state with: {engine} state rm {quote(one.address)}"
    if one.own:
        cure = "leave it in the state, which alone knows that object in Proxmox; a newer Stardock may know what this is"
    return Refusal(one.address, f"{one.address}: {one.what}", f"{look}; {cure}")


def _judge_one(change: MachineChange, allowed: Allowed) -> list[Refusal]:
    if change.importing and allowed.adopt.get(change.name) != change.importing:
        return [_not_asked_for(change)]
    if not change.destroys:
        return [] if change.name in allowed.losing else _judge_losses(change)
    refusal = _judge_destruction(change, allowed)
    return [refusal] if refusal else []


def _judge_losses(change: MachineChange) -> list[Refusal]:
    return ([_lossy(change)] if change.losses else []) + ([_detached(change)] if change.detached else [])


def _judge_destruction(change: MachineChange, allowed: Allowed) -> Refusal | None:
    named = allowed.remove if change.action == "delete" else allowed.replace
    if allowed.role(change.name) == "server" and change.name in allowed.unknown:
        return _unknown(change, allowed)
    if _is_kept_server(change.name, allowed):
        return kept_server(change, allowed)
    return None if change.name in named else _unnamed(change)


def _is_kept_server(name: str, allowed: Allowed) -> bool:
    return allowed.founded and allowed.role(name) == "server" and name in allowed.observed


def kept_server(change: MachineChange, allowed: Allowed) -> Refusal:
    """Refuse to take a server away from a cluster that is founded, with the steps that a person can do instead, one server at a time."""
    name, node = change.name, allowed.node(change.name)
    after = f"run `runner deploy --replace {name}`, which makes it anew, then `runner bootstrap`"
    first = f"put {name} back as it was; or, while all other servers are Ready, take it out by hand:"
    if change.action == "delete":
        after = f"leave {name} under `remove:` and run `runner deploy`, then `runner bootstrap`"
        first = f"while all other servers are Ready, take it out by hand, one server at a time (or take {name} out of `remove:` again):"
    return Refusal(
        name,
        f"{name} is a server of a founded cluster and would be {_done(change)}: {_why(change, allowed)}",
        f"{first}\n"
        f"1. kubectl drain {node} --ignore-daemonsets --delete-emptydir-data\n"
        f"2. kubectl delete node {node} (this takes its member out of etcd; wait until it is gone)\n"
        f"3. kubectl --namespace kube-system delete secret {allowed.kubernetes.node_password(node)} --ignore-not-found\n"
        f"4. stop and destroy its VM in Proxmox\n"
        f"5. {after}",
    )


def _why(change: MachineChange, allowed: Allowed) -> str:
    return "it belongs under `remove:`" if change.action == "delete" and change.name in allowed.remove else change.why()


def _unknown(change: MachineChange, allowed: Allowed) -> Refusal:
    """Nobody has read from it, since its facts were lost or it was taken back, whether its cluster is founded."""
    message = f"{change.name} would be {_done(change)}: {_why(change, allowed)}; it has not said yet whether its cluster is founded"
    first = f"take {change.name} out of `remove:` until it has answered, then " if change.action == "delete" else ""
    cure = (
        f"{first}{_question(change.name, allowed)}\n"
        f"if {change.name} never answers again: kubectl delete node {allowed.node(change.name)} where a cluster runs without it, then stop"
        " and destroy its VM in Proxmox, then `runner deploy`"
    )
    return Refusal(change.name, message, cure)


def _question(name: str, allowed: Allowed) -> str:
    if name not in allowed.mute:
        return "ask it: runner discover (its guest agent must answer)"
    accept = "" if name in allowed.observed else " --accept-new-host-keys"
    return f"ask it over SSH: runner bootstrap{accept} (it has no guest agent)"


def _not_asked_for(change: MachineChange) -> Refusal:
    message = f"{change.name} would be taken from {change.importing}, which nobody asked for"
    return Refusal(change.name, message, "run `runner deploy` again: it looks anew for what a killed run left")


def _lossy(change: MachineChange) -> Refusal:
    """A machine that stays and would lose what is on a disk, or the way to it."""
    message = f"{change.name} would be changed in place, and lose something: {'; '.join(change.losses)}"
    back = f"put {change.name} back as it was in cluster.yaml and in the lock (git diff shows what changed)"
    knowingly = f"or, when the guest uses it no more (drained, unmounted): runner deploy --accept-loss {change.name}"
    return Refusal(change.name, message, f"{back}\n{knowingly}")


def _detached(change: MachineChange) -> Refusal:
    """A disk that a person took off: the engine would put an empty one in its place."""
    disks = ", ".join(disk.told for disk in change.detached)
    message = f"{change.name} has its disk {disks} no more (detached in Proxmox?), and an empty one would be made in its place"
    listed = f"qm config {change.detached[0].vm_id} | grep unused"
    attach = " && ".join(disk.attached() for disk in change.detached)
    first = any(not disk.serial for disk in change.detached)
    anew = f"runner deploy --replace {change.name}, for a machine starts from its first disk" if first else ""
    return Refusal(
        change.name,
        message,
        f"if its content is to stay, attach it again: Proxmox, Hardware, Unused Disk, Edit; or on its PVE node `{listed}`"
        f" shows each VOLUME: {attach}\n"
        f"if its content is gone for good, or not wanted: {anew or f'runner deploy --accept-loss {change.name} makes an empty one'}",
    )


def _unnamed(change: MachineChange) -> Refusal:
    cure = f"runner deploy --replace {change.name}" if change.action == "replace" else f"write {change.name} under `remove:` if it is to go"
    return Refusal(change.name, f"{change.name} would be {_done(change)}, and nobody named it: {change.why()}", cure)


def _judge_load_balancers(doomed: Sequence[MachineChange], allowed: Allowed) -> tuple[Refusal, ...]:
    """At most one load balancer at a time, named or not: the VIP needs somewhere to be."""
    names = [change.name for change in doomed if allowed.role(change.name) == "loadbalancer"]
    if len(names) <= 1:
        return ()
    message = f"{', '.join(names)} would go in one run, and the VIP with them"
    return (Refusal(names[1], message, f"one load balancer at a time: first {names[0]} and `runner bootstrap`, then {names[1]}"),)


def _done(change: MachineChange) -> str:
    return "deleted" if change.action == "delete" else "destroyed and made anew"


def refuse(refusals: Sequence[Refusal]) -> None:
    """Raise RefusedError that lists every refusal with its cure; returns when there is none."""
    if not refusals:
        return
    message = "the engine's plan was refused, nothing was changed:\n" + "\n".join(f"  - {refusal.message}" for refusal in refusals)
    raise RefusedError(message, cure="\n".join(dict.fromkeys(_cures(refusals))))


def _cures(refusals: Sequence[Refusal]) -> list[str]:
    """Give the cures; those of several replacements become one command line."""
    prefix = "runner deploy --replace "
    names = [refusal.name for refusal in refusals if refusal.cure.startswith(prefix)]
    others = [refusal.cure for refusal in refusals if not refusal.cure.startswith(prefix)]
    return ([prefix + " --replace ".join(names)] if names else []) + others
