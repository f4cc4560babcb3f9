"""Plan and facts to `bundle.json`."""

from __future__ import annotations

import json
from dataclasses import asdict

from stardock.distributions import distribution
from stardock.model.about import FORMAT, About, Member, Record
from stardock.model.api import https
from stardock.model.facts import Facts, address_of
from stardock.model.plan import Plan

#: Its name in a bundle.
FILE = "bundle.json"


def about(plan: Plan, facts: Facts) -> About:
    """The cluster of a plan."""
    wanted, addresses = plan.distribution, {machine.name: address_of(machine, facts) for machine in plan.machines}
    return About(
        cluster=plan.cluster,
        founder=plan.founder,
        distribution=wanted.name,
        version=wanted.version,
        api=_api(plan, addresses.get(plan.founder)),
        ssh_port=plan.ssh.port,
        machines=tuple(
            Member(
                name=machine.name,
                role=machine.role,
                hostname=machine.hostname,
                cores=machine.cores,
                memory_mib=machine.memory_mib,
                address=addresses[machine.name],
                mute=not machine.agent.enabled,
                jump=plan.ssh.jumps.get(machine.name),
            )
            for machine in plan.machines
        ),
        options=wanted.options,
        chart=plan.network.values if plan.network else None,
        sources={"machines": tuple(sorted(plan.machine_secret_sources)), "addons": tuple(sorted(plan.addon_secret_sources))},
    )


def _api(plan: Plan, founder: str | None) -> str:
    """Where the kubeconfig leads: the endpoint, else the founder."""
    if plan.endpoint:
        return https(plan.endpoint.host, plan.endpoint.api_port)
    return https(founder or plan.founder, distribution(plan.distribution.name).api_port)


def record_text(plan: Plan, facts: Facts) -> str:
    """The file; the same plan and facts give the same bytes."""
    record = Record(format=FORMAT, about=about(plan, facts), facts=facts)
    return json.dumps(asdict(record), indent=1, sort_keys=True) + "\n"
