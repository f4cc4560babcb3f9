"""What a run may do to machines: what a person named, and what lock and facts know of them."""

from __future__ import annotations

from collections.abc import Mapping

from stardock.distributions import distribution
from stardock.model.machine import Role
from stardock.terraform.changes import MachineChange
from stardock.terraform.gate import Allowed, judge
from stardock.terraform.words import removal_lines
from stardock.workspace.workspace import Workspace, existing_here

#: Nothing is imported.
NOTHING: Mapping[str, str] = {}


def allowed_in(
    workspace: Workspace, replace: frozenset[str] = frozenset(), losing: frozenset[str] = frozenset(), adopt: Mapping[str, str] = NOTHING
) -> Allowed:
    """For the gate. `replace` and `losing` were named by a person.

    `adopt` are the VMs that this run takes into the state (name -> `PVE node/VM id`).
    """
    plan, facts = workspace.plan, workspace.facts
    roles: dict[str, Role] = {name: locked.record.role for name, locked in workspace.lock.machines.items()}
    servers = facts.founded.servers if facts.founded else {}
    answered = {name for name, machine in facts.machines.items() if machine.host_keys}
    return Allowed(
        replace=replace,
        losing=losing,
        remove=frozenset(plan.removed),
        # Last, what was observed: whoever founded is a server, whatever lock and cluster.yaml say since.
        roles=roles | {machine.name: machine.role for machine in plan.machines} | dict.fromkeys(servers, "server"),
        founded=facts.founded is not None,
        observed=frozenset(answered | set(servers)),
        unknown=frozenset(facts.unknown),
        mute=frozenset(name for name, locked in workspace.lock.machines.items() if not locked.record.agent.enabled),
        adopt=adopt,
        kubernetes=distribution(plan.distribution.name),
        nodes={name: locked.record.hostname for name, locked in workspace.lock.machines.items()},
    )


def removals(workspace: Workspace) -> list[str]:
    """What the next deploy does with the machines under `remove:` that exist, or refuses: as it says it itself."""
    existing = existing_here(workspace)
    names = [name for name in workspace.plan.removed if existing is None or name in existing]
    changes = [MachineChange(name, "delete") for name in names]
    refusals = judge(changes, allowed_in(workspace))
    refused = {refusal.name for refusal in refusals}
    lines = [line for name in names if name not in refused for line in removal_lines(workspace.lock.machines[name].record)]
    return [*lines, *(line for one in refusals for line in (f"the next deploy refuses: {one.message}", *one.cure.splitlines()))]
