"""cert-manager: its chart with its CRDs, and ClusterIssuers in a file of their own, since they wait for these CRDs.

Values: cert-manager/cert-manager, deploy/charts/cert-manager/values.yaml (2026-08-22): `crds.enabled` is off there; `crds.keep` is on, so
that taking the chart away deletes no certificate. Range of Kubernetes: cert-manager.io/docs/releases (cert-manager/website,
content/docs/releases/README.md; pull request 2007 for 1.19 and 1.20). Issuers: cert-manager.io/docs/configuration.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stardock.addons.charts import Chart, helm_chart, merged
from stardock.addons.releases import Release, fit, pinned, series_of
from stardock.model.addons import Addon, Wish
from stardock.model.plan import Plan

RELEASES = (
    Release("v1.21.1", "v1.21.1", (1, 33), (1, 36)),
    Release("v1.20.3", "v1.20.3", (1, 32), (1, 35)),
    Release("v1.19.6", "v1.19.6", (1, 31), (1, 35)),
)
REPOSITORY = "https://charts.jetstack.io"
NAME = "cert-manager"


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """A ClusterIssuer: its name, and its `spec`."""

    name: str
    spec: Mapping[str, Any]


def addon(plan: Plan, wish: Wish, issuers: Sequence[Issuer]) -> Addon:
    """What cluster.yaml's `addons.cert_manager` comes to."""
    series = series_of(plan.distribution.version)
    version = wish.version or pinned(RELEASES, series).chart
    chart = Chart(name=NAME, release=NAME, repository=REPOSITORY, version=version, namespace=NAME)
    both = merged({"crds": {"enabled": True, "keep": True}}, wish.values)
    objects = tuple(
        {"apiVersion": "cert-manager.io/v1", "kind": "ClusterIssuer", "metadata": {"name": one.name}, "spec": dict(one.spec)}
        for one in issuers
    )
    return Addon(
        name=NAME,
        version=version,
        source=chart.source(wish),
        namespace=NAME,
        values=both,
        files={NAME: (helm_chart(chart, both, wish, createNamespace=True),), **({f"{NAME}-issuers": objects} if objects else {})},
        fits=fit(NAME, RELEASES, series, wish.version),
    )
