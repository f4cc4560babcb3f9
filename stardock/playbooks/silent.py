"""Agents that a bootstrap goes on without, silent or failing: nothing else depends on one, and the next run does what is left.

Servers and load balancers are no such machines. A silent server may hold the cluster, or be the member that etcd needs for its majority;
a silent load balancer would come back with the servers of yesterday. Without one of these a bootstrap stops before anything is changed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from stardock.distributions import Kubernetes
from stardock.distributions.cidrs import is_dual_stack
from stardock.errors import EngineError, PartialError, StardockError
from stardock.fold import fold
from stardock.model.facts import address_of, host_keys_of, ipv6_of
from stardock.model.host import Host, Member
from stardock.model.jump import Jump
from stardock.model.machine import Role
from stardock.playbooks.failure import agent_words, cause, not_reached, reach_cure
from stardock.playbooks.progress import Watcher
from stardock.workspace.workspace import Workspace

#: Of which role a bootstrap may go on without some.
ROLE: Role = "agent"


def unknown_agents(workspace: Workspace, *, accept_new_host_keys: bool) -> dict[str, str]:
    """Name the agents that cannot even be asked, and why."""
    agents = workspace.plan.members_of(ROLE)
    return {agent.name: reason for agent in agents if (reason := _lacking(workspace, agent, accept_new_host_keys=accept_new_host_keys))}


def _lacking(workspace: Workspace, agent: Member, *, accept_new_host_keys: bool) -> str:
    facts = workspace.facts
    if address_of(agent, facts) is None:
        return "no address is known: `runner discover` asks it through Proxmox"
    if is_dual_stack(workspace.plan.distribution.options) and ipv6_of(agent, facts) is None:
        return "the cluster is dual stack, and no IPv6 address of it is known: `runner discover` asks it through Proxmox"
    if not accept_new_host_keys and not host_keys_of(agent, facts):
        return f"no SSH host key is known: {key_cure([agent])}"
    return ""


def key_cure(lacking: Sequence[Member]) -> str:
    """How the host keys of these machines become known."""
    hosts = [member.name for member in lacking if isinstance(member, Host)]
    mute = [member.name for member in lacking if not isinstance(member, Host) and not member.agent.enabled]
    accept = "pass --accept-new-host-keys to trust the first answer"
    if hosts:
        accept += f", or write the `host_keys` of {fold(hosts)} in cluster.yaml"
    if len(mute) + len(hosts) == len(lacking):
        return accept
    why = f" (nothing else helps with {fold(mute)}: no guest agent)" if mute else ""
    return f"run `runner discover`: it reads the keys through Proxmox; or {accept}{why}"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Agents that a run went on without -> why: those that did not answer, and those on which something failed."""

    silent: Mapping[str, str] = field(default_factory=dict)
    failed: Mapping[str, str] = field(default_factory=dict)

    def __contains__(self, name: str) -> bool:
        return name in self.silent or name in self.failed

    def __bool__(self) -> bool:
        return bool(self.silent or self.failed)


def left_out(
    unknown: Mapping[str, str],
    watcher: Watcher,
    kubernetes: Kubernetes,
    nodes: Mapping[str, str],
    *,
    mute: Collection[str] = (),
    jumps: Mapping[str, Jump] | None = None,
) -> LeftOut:
    """Every agent that the run went on without, and why. `nodes`, `mute`, `jumps`: as for `failure_error`."""
    silent, failed = dict(unknown), {}
    for name, event in watcher.left_out.items():
        if event is not None and not not_reached(event):
            failed[name] = agent_words(watcher, kubernetes, event, nodes)
        elif name not in unknown:
            words = cause(event) if event else "does not answer on ssh"
            silent[name] = f"{words}: {reach_cure(words, mute=name in mute, jump=(jumps or {}).get(name))}"
    return LeftOut(silent, failed)


def partial_error(missing: LeftOut, log: Path | None) -> StardockError:
    """Make the error that names them, once all else is done. No `log`: none is kept."""
    lines = "\n".join(f"  {name}: {reason}" for name, reason in {**missing.failed, **missing.silent}.items())
    told = f"done, without {', '.join((*missing.failed, *missing.silent))}:\n{lines}"
    if missing.failed:
        return EngineError(told, cure=f"{f'the whole log is {log}; ' if log else ''}when the cause is gone: runner bootstrap")
    return PartialError(told, cure="when it is back: runner bootstrap")
