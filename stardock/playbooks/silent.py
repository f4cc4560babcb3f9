"""Agents that a bootstrap goes on without: nothing else depends on one, and it is done when it is back.

Servers and load balancers are no such machines. A silent server may hold the cluster, or be the member that etcd needs for its majority;
a silent load balancer would come back with the servers of yesterday. Without one of these a bootstrap stops before anything is changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from stardock.distributions.cidrs import is_dual_stack
from stardock.errors import PartialError
from stardock.fold import fold
from stardock.model.facts import address_of, ipv6_of
from stardock.model.machine import Machine, Role
from stardock.playbooks.failure import cause, reach_cure
from stardock.playbooks.progress import Watcher
from stardock.workspace.workspace import Workspace

#: Of which role a bootstrap may go on without some.
ROLE: Role = "agent"


def unknown_agents(workspace: Workspace, *, accept_new_host_keys: bool) -> dict[str, str]:
    """Name the agents that cannot even be asked, and why."""
    agents = workspace.plan.of_role(ROLE)
    return {agent.name: reason for agent in agents if (reason := _lacking(workspace, agent, accept_new_host_keys=accept_new_host_keys))}


def _lacking(workspace: Workspace, agent: Machine, *, accept_new_host_keys: bool) -> str:
    facts = workspace.facts
    if address_of(agent, facts) is None:
        return "no address is known: `runner discover` asks it through Proxmox"
    if is_dual_stack(workspace.plan.distribution.options) and ipv6_of(agent, facts) is None:
        return "the cluster is dual stack, and no IPv6 address of it is known: `runner discover` asks it through Proxmox"
    if not accept_new_host_keys and not (agent.name in facts.machines and facts.machines[agent.name].host_keys):
        return f"no SSH host key is known: {key_cure([agent])}"
    return ""


def key_cure(lacking: Sequence[Machine]) -> str:
    """How the host keys of these machines become known."""
    mute = [machine.name for machine in lacking if not machine.agent.enabled]
    accept = "pass --accept-new-host-keys to trust the first answer"
    if len(mute) == len(lacking):
        return accept
    why = f" (nothing else helps with {fold(mute)}: no guest agent)" if mute else ""
    return f"run `runner discover`: it reads the keys through Proxmox; or {accept}{why}"


def left_out(unknown: Mapping[str, str], watcher: Watcher) -> dict[str, str]:
    """Every agent that the run went on without, and why."""
    return {**unknown, **{name: reason for name, reason in _silent(watcher) if name not in unknown}}


def _silent(watcher: Watcher) -> Iterator[tuple[str, str]]:
    for name, event in watcher.left_out.items():
        words = cause(event) if event else "does not answer on ssh"
        yield name, f"{words}: {reach_cure(words)}"


def partial_error(reasons: Mapping[str, str]) -> PartialError:
    """Make the error that names them, once all else is done."""
    lines = "\n".join(f"  {name}: {reason}" for name, reason in reasons.items())
    return PartialError(f"done, without {', '.join(reasons)}:\n{lines}", cure="when it is back: runner bootstrap")
