"""What the engine may do to machines: a pure judgement of its plan.

Reads the JSON of `tofu show -json PLANFILE` (https://opentofu.org/docs/internals/json-format/): `resource_changes[].change.actions` is
`["no-op"]`, `["create"]`, `["read"]`, `["update"]`, `["delete"]`, `["delete","create"]`, `["create","delete"]` or `["forget"]`;
`action_reason` and `change.replace_paths` say why. Snippets and images may come and go, machines may not.
Both engines write the plan file also when `prevent_destroy` made them fail (run with tofu 1.12.6 and terraform 1.11.4), so that
everything is judged here, with a cure, and at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from stardock.errors import RefusedError
from stardock.plan.model import Role

MACHINE = "proxmox_virtual_environment_vm"

Action = Literal["create", "update", "replace", "delete", "import", "forget"]

_REASONS = {
    "replace_because_tainted": "its creation failed half-way, so the engine does not trust it",
    "replace_by_request": "replacement was asked for",
    "replace_by_triggers": "something it depends on is replaced",
    "delete_because_no_resource_config": "it is no longer in the synthesized JSON",
}


@dataclass(frozen=True, slots=True)
class MachineChange:
    """What the engine would do to one machine. `paths` are the attributes that force a replacement."""

    name: str
    action: Action
    reason: str = ""
    paths: tuple[str, ...] = ()

    @property
    def destroys(self) -> bool:
        """Whether the VM that exists now would be gone."""
        return self.action in {"replace", "delete"}

    def why(self) -> str:
        """The engine's reason in words."""
        if self.paths and self.reason != "replace_by_request":
            return "only a replacement can change " + ", ".join(self.paths)
        return _REASONS.get(self.reason, self.reason.replace("_", " ") or "the engine gives no reason")


@dataclass(frozen=True, slots=True)
class Allowed:
    """What was named, and what must be kept. `roles` covers machines in the plan and those that the lock retired.

    `observed` are the machines that once answered (facts hold their host keys): a server that never did is no member of anything.
    `known` is false where there are no facts at all: then nobody can say what is founded.
    """

    replace: frozenset[str] = frozenset()
    remove: frozenset[str] = frozenset()
    roles: Mapping[str, Role] | None = None
    founded: bool = False
    observed: frozenset[str] = frozenset()
    known: bool = True

    def role(self, name: str) -> Role:
        """The role of a machine; one that nobody knows is treated as what needs most care."""
        return (self.roles or {}).get(name, "server")


@dataclass(frozen=True, slots=True)
class Refusal:
    """One thing that will not be done, and what to do instead."""

    name: str
    message: str
    cure: str


def machine_changes(plan: Mapping[str, Any]) -> tuple[MachineChange, ...]:
    """The machines that the engine's plan touches, in its order."""
    changes = (_machine_change(item) for item in plan.get("resource_changes", ()) if item.get("type") == MACHINE)
    return tuple(change for change in changes if change is not None)


def _machine_change(item: Mapping[str, Any]) -> MachineChange | None:
    change = item["change"]
    action = _action(change["actions"], importing=bool(change.get("importing")))
    if action is None:
        return None
    paths = tuple(".".join(str(step) for step in path) for path in change.get("replace_paths") or ())
    return MachineChange(item["name"], action, item.get("action_reason", ""), paths)


def _action(actions: Sequence[str], *, importing: bool) -> Action | None:
    """Put the engine's list of actions into one word. Anything that deletes stays visible, also beside an import."""
    if "delete" in actions:
        return "replace" if "create" in actions else "delete"
    if "forget" in actions:
        return "forget"
    if importing:
        return "import"
    return "create" if "create" in actions else "update" if "update" in actions else None


def judge(changes: Sequence[MachineChange], allowed: Allowed) -> tuple[Refusal, ...]:
    """Everything in these changes that must not happen; empty when all may."""
    doomed = [change for change in changes if change.destroys]
    refusals = [refusal for change in doomed if (refusal := _judge_one(change, allowed))]
    return (*refusals, *_judge_load_balancers(doomed, allowed))


def _judge_one(change: MachineChange, allowed: Allowed) -> Refusal | None:
    named = allowed.remove if change.action == "delete" else allowed.replace
    if not allowed.known and allowed.role(change.name) == "server":
        return _unknown(change)
    if _is_kept_server(change.name, allowed):
        return kept_server(change)
    return None if change.name in named else _unnamed(change)


def _is_kept_server(name: str, allowed: Allowed) -> bool:
    return allowed.founded and allowed.role(name) == "server" and name in allowed.observed


def kept_server(change: MachineChange) -> Refusal:
    """Refuse to take a server away from a cluster that is founded, with the steps that a person can do instead, one server at a time."""
    after = f"run `runner deploy --replace {change.name}`, which makes it anew, then `runner bootstrap`"
    if change.action == "delete":
        after = f"leave {change.name} under `remove:` and run `runner deploy`, then `runner bootstrap`"
    return Refusal(
        change.name,
        f"{change.name} is a server of a founded cluster and would be {_done(change)}: {change.why()}",
        f"put {change.name} back as it was; or, while all other servers are Ready, take it out by hand:\n"
        f"1. kubectl drain {change.name} --ignore-daemonsets --delete-emptydir-data\n"
        f"2. kubectl delete node {change.name} (this takes its member out of etcd; wait until it is gone)\n"
        f"3. kubectl --namespace kube-system delete secret {change.name}.node-password.rke2 --ignore-not-found\n"
        f"4. stop and destroy its VM in Proxmox\n"
        f"5. {after}",
    )


def _unknown(change: MachineChange) -> Refusal:
    message = f"{change.name} would be {_done(change)}: {change.why()}; without facts nobody knows whether its cluster is founded"
    return Refusal(change.name, message, "read them again first: runner discover")


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


def tainted_machines(state: Mapping[str, Any]) -> tuple[str, ...]:
    """List the machines in `tofu show -json` of a state whose creation did not end well, in the state's order."""
    root = state.get("values", {}).get("root_module", {})
    return tuple(item["name"] for item in root.get("resources", ()) if item["type"] == MACHINE and item.get("tainted"))


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
