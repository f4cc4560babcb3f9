"""Plan and facts to `bundle.json`."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

from stardock.distributions import distribution
from stardock.model.about import FORMAT, About, Member, Record
from stardock.model.api import https
from stardock.model.facts import Facts, address_of, reached_at
from stardock.model.host import Host
from stardock.model.host import Member as Planned
from stardock.model.plan import Plan

#: Its name in a bundle.
FILE = "bundle.json"


def about(plan: Plan, facts: Facts) -> About:
    """The cluster of a plan."""
    wanted, founder = plan.distribution, plan.machine(plan.founder)
    return About(
        cluster=plan.cluster,
        founder=plan.founder,
        distribution=wanted.name,
        version=wanted.version,
        api=_api(plan, address_of(founder, facts)),
        ssh_port=plan.ssh.port,
        machines=tuple(_member(plan, member, facts) for member in plan.members),
        options=wanted.options,
        chart=plan.network.values if plan.network else None,
        sources={"machines": tuple(sorted(plan.machine_secret_sources)), "addons": tuple(sorted(plan.addon_secret_sources))},
        mesh=tuple(plan.mesh.places) if plan.mesh else (),
    )


def _member(plan: Plan, member: Planned, facts: Facts) -> Member:
    whole = Member(
        name=member.name,
        role=member.role,
        hostname=member.hostname,
        cores=member.cores,
        memory_mib=member.memory_mib,
        address=reached_at(member, facts),
        jump=plan.ssh.jumps.get(member.name),
    )
    if isinstance(member, Host):
        return replace(whole, mute=True, exists=True, port=member.ssh_port, host_keys=member.host_keys)
    return replace(whole, mute=not member.agent.enabled)


def _api(plan: Plan, founder: str | None) -> str:
    """Where the kubeconfig leads: the endpoint, else the founder."""
    if plan.endpoint:
        return https(plan.endpoint.host, plan.endpoint.api_port)
    return https(founder or plan.founder, distribution(plan.distribution.name).api_port)


def record_text(plan: Plan, facts: Facts) -> str:
    """The file; the same plan and facts give the same bytes."""
    record = Record(format=FORMAT, about=about(plan, facts), facts=facts)
    return json.dumps(asdict(record), indent=1, sort_keys=True) + "\n"
