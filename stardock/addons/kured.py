"""kured: values of its Helm chart, an ArgoCD Application, and what is handed to the distribution's own controller. All from the plan.

Values: kubereboot/charts, charts/kured/values.yaml (6.1.0, and 5.9.0, which has the same). Releases: kured promises one minor of
Kubernetes around its client-go (the notes of each release): 1.20.0 has v0.33; 1.23.0 has the modules of June 2026, v0.36.
"""

from __future__ import annotations

from typing import Any

from stardock.addons.charts import NAMESPACE, Chart, helm_chart, merged
from stardock.addons.releases import Release, fit, pinned, series_of
from stardock.addons.tolerations import tolerations
from stardock.model.addons import Addon, Wish
from stardock.model.plan import Plan
from stardock.systems import SENTINEL

RELEASES = (Release("6.1.0", "1.23.0", (1, 35), (1, 37)), Release("5.9.0", "1.20.0", (1, 32), (1, 34)))
REPOSITORY = "https://kubereboot.github.io/charts"
NAME = "kured"

#: The chart's own; without them kured would not run on servers.
_TOLERATIONS = ("node-role.kubernetes.io/control-plane:NoSchedule", "node-role.kubernetes.io/master:NoSchedule")


def values(plan: Plan) -> dict[str, Any]:
    """The chart's values: one machine at a time, within the planned hours; what `addons.kured` says of them over that."""
    handed = next((addon for addon in plan.addons if addon.name == NAME), None)
    return dict(handed.values) if handed else _ours(plan)


def chart_version(plan: Plan) -> str:
    """Of the chart that these values are for."""
    handed = next((addon for addon in plan.addons if addon.name == NAME), None)
    return handed.version if handed else pinned(RELEASES, series_of(plan.distribution.version)).chart


def _ours(plan: Plan) -> dict[str, Any]:
    hours = plan.kured
    return {
        "configuration": {
            "timeZone": hours.timezone,
            "startTime": hours.start,
            "endTime": hours.end,
            "rebootDays": list(hours.days),
            "rebootSentinel": SENTINEL,
            "period": _duration(hours.period_minutes),
            "concurrency": 1,
            # Without one, a disruption budget that nobody can meet holds the drain, and the lock, for ever.
            "drainTimeout": _duration(hours.drain_minutes),
            "lockTtl": _duration(hours.lock_minutes),  # a machine that is gone must not keep the lock; longer than any drain and boot
            "lockReleaseDelay": "5m0s",  # the next machine waits until this one serves again
        },
        "tolerations": tolerations((*_TOLERATIONS, *_taints(plan))),
        **_where(plan),
        "updateStrategy": "RollingUpdate",
    }


def argocd_application(plan: Plan) -> dict[str, Any]:
    """The same, kept in step by ArgoCD: what is changed by hand is put back, what is taken out is deleted."""
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": NAME, "namespace": "argocd"},
        "spec": {
            "project": "default",
            "source": {
                "repoURL": REPOSITORY,
                "chart": NAME,
                "targetRevision": chart_version(plan),
                "helm": {"releaseName": NAME, "valuesObject": values(plan)},
            },
            "destination": {"server": "https://kubernetes.default.svc", "namespace": NAMESPACE},
            "syncPolicy": {"automated": {"prune": True, "selfHeal": True}, "syncOptions": ["CreateNamespace=true"]},
        },
    }


def addon(plan: Plan, wish: Wish) -> Addon:
    """What cluster.yaml's `addons.kured` comes to."""
    series = series_of(plan.distribution.version)
    version = wish.version or pinned(RELEASES, series).chart
    chart = Chart(name=NAME, release=NAME, repository=REPOSITORY, version=version, namespace=NAMESPACE)
    both = merged(_ours(plan), wish.values)
    return Addon(
        name=NAME,
        version=version,
        source=chart.source(wish),
        namespace=NAMESPACE,
        values=both,
        files={NAME: (helm_chart(chart, both, wish),)},
        fits=fit(NAME, RELEASES, series, wish.version),
    )


def _taints(plan: Plan) -> list[str]:
    """The taints of what kured is to reboot, `KEY=VALUE:EFFECT` or `KEY:EFFECT`."""
    machines = [taint for machine in plan.machines if machine.role != "loadbalancer" for taint in machine.taints]
    return [*machines, *(taint for host in plan.hosts if host.kured for taint in host.taints)]


def _where(plan: Plan) -> dict[str, Any]:
    """Not on hosts that exist already: whatever asks for a reboot there, nobody here was told to obey it."""
    spared = [host.hostname for host in plan.hosts if not host.kured]
    if not spared:
        return {}
    others = {"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "NotIn", "values": spared}]}
    return {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [others]}}}}


def _duration(minutes: int) -> str:
    """As Go writes it: 90 is 1h30m0s."""
    return f"{minutes // 60}h{minutes % 60}m0s"
