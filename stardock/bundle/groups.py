"""Groups of the inventory: Stardock's own, by role and for what a run fills; and those of starbase, for a person's own playbooks."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from stardock.bundle.mesh import GROUP
from stardock.model.machine import ROLES
from stardock.model.plan import Plan

Group = dict[str, Any]

#: Groups of groups in starbase's inventory (v0.3.1, infra/templates/ansible/inventory.tmpl): no play of ours names one.
_STARBASE_PARENTS: Mapping[str, tuple[str, ...]] = {
    "all_rke2_server": ("rke2_server", "additional_rke2_server"),
    "all_rke2_agent": ("rke2_agent", "additional_rke2_agent"),
    "all_rke2": ("all_rke2_server", "all_rke2_agent"),
    "all_loadbalancer_backup": ("loadbalancer_backup", "additional_loadbalancer_backup"),
    "all_loadbalancer": ("loadbalancer_master", "loadbalancer_backup", "additional_loadbalancer_backup"),
}
#: There a person moved new machines into these by hand; here they are in the group of their role at once.
_STARBASE_EMPTY = ("additional_rke2_server", "additional_rke2_agent", "additional_loadbalancer_backup")


def groups(plan: Plan, left_out: Collection[str]) -> dict[str, Group]:
    """One group a role, empty ones too, one for the founder, one for the members of a mesh, and one for servers with the VIP.

    Five that a run fills: the silent ones, which plays pass over, those with services to restart, agents whose Kubernetes restarts in its
    turn, servers that do not run, and those that are as planned. A missing group that a play names would be a warning.
    """
    roles: dict[str, Group] = {role: _of(member.name for member in plan.members_of(role)) for role in ROLES}
    filled = {"silent": _of(left_out), "restarting": _of(()), "one_at_a_time": _of(()), "down": _of(()), "at_once": _of(())}
    mesh = _of(member.name for member in plan.members if plan.mesh)
    by_keepalived = plan.load_balancing is not None and plan.load_balancing.by == "keepalived"
    carriers = _of(machine.name for machine in plan.carriers if by_keepalived and machine.role == "server")
    own = {"founder": _of([plan.founder]), GROUP: mesh, "carrier": carriers}
    return {**roles, **own, **filled, **_starbase(plan)}


def _starbase(plan: Plan) -> dict[str, Group]:
    """The twelve groups of starbase, in which the first server is the founder and the first load balancer the master."""
    balancers = [machine.name for machine in plan.of_role("loadbalancer")]
    servers = sorted((server.name for server in plan.members_of("server")), key=lambda name: name != plan.founder)
    return {
        "rke2_server": _of(servers),
        "rke2_agent": _of(agent.name for agent in plan.members_of("agent")),
        "loadbalancer_master": _of(balancers[:1]),
        "loadbalancer_backup": _of(balancers[1:]),
        **{name: _of(()) for name in _STARBASE_EMPTY},
        **{name: {"children": {child: {} for child in children}} for name, children in _STARBASE_PARENTS.items()},
    }


def _of(names: Iterable[str]) -> Group:
    return {"hosts": {name: {} for name in names}}
