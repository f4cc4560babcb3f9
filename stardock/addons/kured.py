"""kured: values of its Helm chart, an ArgoCD Application, and a HelmChart for the distribution's own controller. All from the plan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stardock.distributions import distribution
from stardock.model.plan import Plan
from stardock.systems import SENTINEL
from stardock.yamltext import yaml_text

VERSION = "1.23.0"
CHART_VERSION = "6.1.0"
REPOSITORY = "https://kubereboot.github.io/charts"
NAMESPACE = "kube-system"

#: Where the distribution applies what lies there.
MANIFEST = "stardock-kured.yaml"

#: The chart's own; without them kured would not run on servers.
_TOLERATIONS = ("node-role.kubernetes.io/control-plane:NoSchedule", "node-role.kubernetes.io/master:NoSchedule")


def values(plan: Plan) -> dict[str, Any]:
    """The chart's values: one machine at a time, within the planned hours."""
    hours = plan.kured
    return {
        "image": {"tag": VERSION},
        "configuration": {
            "timeZone": hours.timezone,
            "startTime": hours.start,
            "endTime": hours.end,
            "rebootDays": list(hours.days),
            "rebootSentinel": SENTINEL,
            "period": _duration(hours.period_minutes),
            "concurrency": 1,
            "drainTimeout": "30m0s",  # without one, a disruption budget that nobody can meet holds the drain, and the lock, for ever
            "lockTtl": "2h0m0s",  # a machine that is gone must not keep the lock; longer than any drain and boot
            "lockReleaseDelay": "5m0s",  # the next machine waits until this one serves again
        },
        "tolerations": [_toleration(taint) for taint in dict.fromkeys((*_TOLERATIONS, *_taints(plan)))],
        "updateStrategy": "RollingUpdate",
    }


def argocd_application(plan: Plan) -> dict[str, Any]:
    """The same, kept in step by ArgoCD: what is changed by hand is put back, what is taken out is deleted."""
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": "kured", "namespace": "argocd"},
        "spec": {
            "project": "default",
            "source": {
                "repoURL": REPOSITORY,
                "chart": "kured",
                "targetRevision": CHART_VERSION,
                "helm": {"releaseName": "kured", "valuesObject": values(plan)},
            },
            "destination": {"server": "https://kubernetes.default.svc", "namespace": NAMESPACE},
            "syncPolicy": {"automated": {"prune": True, "selfHeal": True}, "syncOptions": ["CreateNamespace=true"]},
        },
    }


def helm_chart(plan: Plan) -> dict[str, Any]:
    """The same for the Helm controller that RKE2 and k3s bring."""
    return {
        "apiVersion": "helm.cattle.io/v1",
        "kind": "HelmChart",
        "metadata": {"name": "kured", "namespace": NAMESPACE},
        "spec": {
            "repo": REPOSITORY,
            "chart": "kured",
            "version": CHART_VERSION,
            "targetNamespace": NAMESPACE,
            "valuesContent": yaml_text(values(plan)),
        },
    }


def server_files(plan: Plan) -> list[dict[str, str]]:
    """What the stage `machines` puts on each server when cluster.yaml asks for kured. Taking the file away would uninstall nothing."""
    if not plan.kured.install:
        return []
    own = distribution(plan.distribution.name)
    folder = {"path": own.server_dir, "state": "directory", "mode": "0700"}
    return [
        folder,
        {"path": f"{own.manifests}/{MANIFEST}", "content": yaml_text(helm_chart(plan)), "mode": "0600", "directory_mode": "0700"},
    ]


def _taints(plan: Plan) -> list[str]:
    """The taints of the machines that kured is to reboot, `KEY=VALUE:EFFECT` or `KEY:EFFECT`."""
    return [taint for machine in plan.machines if machine.role != "loadbalancer" for taint in machine.taints]


def _toleration(taint: str) -> Mapping[str, str]:
    key, _, effect = taint.rpartition(":")
    return {"key": key.partition("=")[0], "operator": "Exists", "effect": effect}


def _duration(minutes: int) -> str:
    """As Go writes it: 90 is 1h30m0s."""
    return f"{minutes // 60}h{minutes % 60}m0s"
