"""What must not be done to a cluster that exists: another founding, an older release, a minor skipped. Pure.

The same rules hold `runner plan` against what was observed last, and `runner bootstrap` against what the machines say.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from stardock.distributions import Kubernetes, distribution
from stardock.distributions.fault import Fault
from stardock.distributions.founding import chart_faults, founding_faults, said_of_chart
from stardock.distributions.upgrade import upgrade_fault
from stardock.model.plan import Plan
from stardock.spec.keypath import path_text
from stardock.spec.places import at
from stardock.spec.rules.across import option_keys

if TYPE_CHECKING:  # pydantic takes a tenth of a second
    from stardock.errors import Problem
    from stardock.spec.cluster import Spec


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """What is known of a founded cluster: machine -> release, and whose founding-time settings are which ("" is the cluster's)."""

    versions: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a cluster is to become: by a plan, or by a bundle. `chart`: as `About.chart`; `who` wants the release."""

    kubernetes: Kubernetes
    version: str
    options: Mapping[str, Any]
    chart: Mapping[str, Any] | None
    servers: Collection[str]
    agents: Collection[str]
    who: str = "cluster.yaml"


def guard_problems(spec: Spec, plan: Plan, running: Running) -> list[Problem]:
    """Everything that cluster.yaml wants and the cluster cannot become."""
    wanted = _wanted(spec, plan)
    settings = (_setting_problem(spec, fault) for fault in setting_faults(wanted, running.settings))
    return [
        *(at(spec, ("distribution", fault.key), fault.message, fault.cure) for fault in version_faults(wanted, running.versions)),
        *settings,
        *(at(spec, ("cni",), fault.message, fault.cure) for fault in plugin_faults(wanted, running.settings)),
    ]


def _wanted(spec: Spec, plan: Plan) -> Wanted:
    return Wanted(
        kubernetes=distribution(plan.distribution.name),
        version=plan.distribution.version,
        options=plan.distribution.options,
        chart=plan.network.values if plan.network else None,
        servers=[machine.name for machine in plan.members_of("server")],
        agents=[machine.name for machine in plan.members_of("agent")],
        who="cluster.yaml" if spec.distribution.version is not None else "the lock",
    )


def _setting_problem(spec: Spec, fault: Fault) -> Problem:
    keys = option_keys(spec, fault)
    cure = fault.cure if keys[0] == "distribution" else f"write `{path_text(keys)}` as it was; another needs another cluster"
    return at(spec, keys, fault.message, cure)


def faults(wanted: Wanted, running: Running) -> Iterator[Fault]:
    """The same where no cluster.yaml is at hand."""
    yield from version_faults(wanted, running.versions)
    yield from setting_faults(wanted, running.settings)
    yield from plugin_faults(wanted, running.settings)


def version_faults(wanted: Wanted, versions: Mapping[str, str]) -> Iterator[Fault]:
    """An older release, a minor skipped."""
    servers = {name: versions[name] for name in wanted.servers if name in versions}
    agents = {name: versions[name] for name in wanted.agents if name in versions}
    fault = upgrade_fault(wanted.kubernetes.title, wanted.version, servers, agents, wanted.who)
    if fault:
        yield fault


def setting_faults(wanted: Wanted, settings: Mapping[str, Mapping[str, str]]) -> Iterator[Fault]:
    """Each key once, by the first that has another value."""
    told: set[str] = set()
    for name, founded in settings.items():
        for fault in founding_faults(wanted.kubernetes, wanted.options, founded, name or "this one"):
            if fault.key not in told:
                yield fault
            told.add(fault.key)


def plugin_faults(wanted: Wanted, settings: Mapping[str, Mapping[str, str]]) -> Iterator[Fault]:
    """Only servers know these, not the facts. Without values of ours nothing is written, and the chart stays as it is."""
    servers = [founded for name, founded in settings.items() if name]
    if wanted.chart is None or not servers:
        return
    for founded in [one for one in servers if said_of_chart(wanted.kubernetes, one)][:1] or [{}]:
        yield from chart_faults(wanted.kubernetes, wanted.options, wanted.chart, founded)
