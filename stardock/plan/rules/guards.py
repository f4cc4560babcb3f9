"""What must not be done to a cluster that exists: another founding, an older release, a minor skipped. Pure.

The same rules hold `runner plan` against what was observed last, and `runner bootstrap` against what the machines say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stardock.distributions import distribution
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


def guard_problems(spec: Spec, plan: Plan, running: Running) -> list[Problem]:
    """Everything that cluster.yaml wants and the cluster cannot become."""
    return [*_version(spec, plan, running.versions), *_settings(spec, plan, running.settings), *_chart(spec, plan, running.settings)]


def _version(spec: Spec, plan: Plan, versions: Mapping[str, str]) -> Iterator[Problem]:
    servers = {machine.name: versions[machine.name] for machine in plan.of_role("server") if machine.name in versions}
    agents = {machine.name: versions[machine.name] for machine in plan.of_role("agent") if machine.name in versions}
    who = "cluster.yaml" if spec.distribution.version is not None else "the lock"
    fault = upgrade_fault(distribution(plan.distribution.name).title, plan.distribution.version, servers, agents, who)
    if fault:
        yield at(spec, ("distribution", fault.key), fault.message, fault.cure)


def _settings(spec: Spec, plan: Plan, settings: Mapping[str, Mapping[str, str]]) -> Iterator[Problem]:
    """Each key once, by the first that has another value."""
    told: set[str] = set()
    for name, founded in settings.items():
        for fault in founding_faults(distribution(plan.distribution.name), plan.distribution.options, founded, name or "this one"):
            if fault.key not in told:
                keys = option_keys(spec, fault)
                cure = fault.cure if keys[0] == "distribution" else f"write `{path_text(keys)}` as it was; another needs another cluster"
                yield at(spec, keys, fault.message, cure)
            told.add(fault.key)


def _chart(spec: Spec, plan: Plan, settings: Mapping[str, Mapping[str, str]]) -> Iterator[Problem]:
    """Only servers know these, not the facts. Without values of ours nothing is written, and the chart stays as it is."""
    own, servers = distribution(plan.distribution.name), [founded for name, founded in settings.items() if name]
    if plan.network is None or not servers:
        return
    for founded in [one for one in servers if said_of_chart(own, one)][:1] or [{}]:
        for fault in chart_faults(own, plan.distribution.options, plan.network.values, founded):
            yield at(spec, ("cni",), fault.message, fault.cure)
