"""What the loss of a PVE node would take away: the API, etcd's quorum, the VIP, agents. Pure; reads the plan as it stands."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from stardock.model.machine import Machine, Role
from stardock.model.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """What is left without one PVE node. Counts are of machines; `vip` and `quorum` tell whether they are kept."""

    pve_node: str
    machines: tuple[Machine, ...]  # that are lost
    servers: int
    servers_left: int
    agents: int
    agents_left: int
    vip: bool | None  # None: there is none
    entrance: bool  # whether what kubeconfig and joining machines ask still answers: the VIP, what exists already, else the founder
    restarted: tuple[str, ...]  # lost machines that PVE HA starts elsewhere

    @property
    def quorum(self) -> bool:
        """Whether etcd still has more than half of its members."""
        return self.servers_left >= quorum(self.servers)

    @property
    def api(self) -> bool:
        """Whether kubectl still gets an answer: an API server without etcd's quorum gives none."""
        return self.quorum and self.entrance


def quorum(servers: int) -> int:
    """How many of etcd's members must be there: more than half."""
    return servers // 2 + 1


def if_lost(plan: Plan, pve_node: str) -> Loss:
    """What the loss of that PVE node takes; nothing when no machine is there."""
    lost = tuple(machine for machine in plan.machines if machine.pve_node == pve_node)
    gone = {machine.name for machine in lost}
    balancing = plan.load_balancing
    vip = None if balancing is None else any(machine.name not in gone for machine in plan.carriers)
    return Loss(
        pve_node=pve_node,
        machines=lost,
        servers=len(plan.members_of("server")),
        servers_left=_left(plan, "server", gone),
        agents=len(plan.members_of("agent")),
        agents_left=_left(plan, "agent", gone),
        vip=vip,
        entrance=vip if vip is not None else plan.external is not None or plan.founder not in gone,
        restarted=tuple(machine.name for machine in lost if machine.ha is not None),
    )


def _left(plan: Plan, role: Role, gone: Collection[str]) -> int:
    return sum(member.name not in gone for member in plan.members_of(role))


def matrix(plan: Plan) -> tuple[Loss, ...]:
    """The loss of each PVE node, in declared order; then of those that machines are on and the file does not name."""
    names = dict.fromkeys([*(node.name for node in plan.proxmox.nodes), *(machine.pve_node for machine in plan.machines)])
    return tuple(if_lost(plan, name) for name in names)
