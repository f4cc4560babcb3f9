"""Ingress: the distribution's own controller with further values, or traefik's or ingress-nginx' own chart in its place.

Values: traefik/traefik-helm-chart, traefik/values.yaml (41.3.0); kubernetes/ingress-nginx, charts/ingress-nginx/values.yaml
(4.15.1, the last one: its makers stopped in March 2026). Where nobody gives addresses to Services, each node listens on ports 80 and
443 itself; two pods of one node cannot, so one goes before the next comes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stardock.addons.charts import NAMESPACE as CHARTS
from stardock.addons.charts import Chart, helm_chart, merged, privileged_namespace
from stardock.addons.releases import Release, fit, pinned, series_of
from stardock.model.addons import Addon, Wish
from stardock.model.plan import Plan
from stardock.yamltext import yaml_text

NAME = "ingress"
TRAEFIK, NGINX = "traefik", "ingress-nginx"
_RETIRED = "ingress-nginx gets no fixes since March 2026 (kubernetes.io/blog/2025/11/11/ingress-nginx-retirement): plan the way to traefik"


@dataclass(frozen=True, slots=True)
class Controller:
    """One of them: chart, repository, releases, its release's name (k3s has a HelmChart `traefik` of its own), its IngressClass.

    The distributions' own charts have the same class (rancher/rke2-charts, packages/rke2-traefik, values.yaml.patch).
    """

    chart: str
    repository: str
    releases: tuple[Release, ...]
    release: str
    ingress_class: str


CONTROLLERS: Mapping[str, Controller] = {
    TRAEFIK: Controller(
        TRAEFIK, "https://traefik.github.io/charts", (Release("41.3.0", "v3.7.11", (1, 25), None),), "ingress-traefik", TRAEFIK
    ),
    NGINX: Controller(NGINX, "https://kubernetes.github.io/ingress-nginx", (Release("4.15.1", "v1.15.1", (1, 21), None),), NGINX, "nginx"),
}
#: For the tests of pinned releases.
RELEASES = tuple(release for controller in CONTROLLERS.values() for release in controller.releases)


def own_chart(plan: Plan, wish: Wish, controller: str, addresses: bool) -> Addon:
    """Its makers' own chart. `addresses`: whether its Service gets one."""
    known, series = CONTROLLERS[controller], series_of(plan.distribution.version)
    version = wish.version or pinned(known.releases, series).chart
    chart = Chart(name=known.chart, release=known.release, repository=known.repository, version=version, namespace=known.release)
    both = merged(_values(controller, addresses), wish.values)
    return Addon(
        name=NAME,
        version=version,
        source=chart.source(wish),
        namespace=chart.namespace,
        values=both,
        files={NAME: (privileged_namespace(chart.namespace), helm_chart(chart, both, wish))},
        fits=_RETIRED if controller == NGINX else fit(controller, known.releases, series, wish.version),
    )


def distributions_own(wish: Wish, chart: str, controller: str) -> Addon:
    """The chart that the distribution brings, with further values; without any there is nothing to hand over."""
    secrets = [{"name": one.name, "keys": list(one.keys)} for one in wish.values_secrets]
    told = {
        **({"valuesContent": yaml_text(wish.values)} if wish.values else {}),
        **({"valuesSecrets": secrets} if secrets else {}),
    }
    metadata = {"name": chart, "namespace": CHARTS}
    config = {"apiVersion": "helm.cattle.io/v1", "kind": "HelmChartConfig", "metadata": metadata, "spec": told}
    return Addon(
        name=NAME,
        version="",
        source=f"{chart}, which the distribution brings",
        namespace=CHARTS,
        values=wish.values,
        files={NAME: (config,)} if told else {},
        fits=_RETIRED if controller == NGINX else "",
    )


def _values(controller: str, addresses: bool) -> dict[str, Any]:
    return (_traefik if controller == TRAEFIK else _nginx)(addresses)


def _traefik(addresses: bool) -> dict[str, Any]:
    default = {"ingressClass": {"enabled": True, "isDefaultClass": True, "name": TRAEFIK}}  # else it is the release's
    if addresses:
        return {**default, "service": {"spec": {"type": "LoadBalancer"}}}
    return {
        **default,
        "deployment": {"kind": "DaemonSet"},
        "updateStrategy": {"rollingUpdate": {"maxUnavailable": 1, "maxSurge": 0}},
        "ports": {"web": {"hostPort": 80}, "websecure": {"hostPort": 443}},
        "service": {"spec": {"type": "ClusterIP"}},
    }


def _nginx(addresses: bool) -> dict[str, Any]:
    default = {"ingressClassResource": {"default": True}}
    if addresses:
        return {"controller": {**default, "service": {"type": "LoadBalancer"}}}
    ports = {"kind": "DaemonSet", "hostPort": {"enabled": True}, "service": {"type": "ClusterIP"}}
    return {"controller": {**default, **ports}}
