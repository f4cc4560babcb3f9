"""kube-vip for Services: a DaemonSet that answers for their addresses, and its cloud provider's chart, which chooses them. Never run here.

DaemonSet: what `kube-vip manifest daemonset --services --arp --leaderElection --inCluster` writes, and its rights
(github.com/kube-vip/kube-vip v1.2.3, pkg/kubevip/config_generator.go). Pools: kube-vip/kube-vip-cloud-provider, README (`range-global`);
values of its chart: kube-vip/helm-charts, charts/kube-vip-cloud-provider/values.yaml (0.2.10).
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_network
from typing import Any

from stardock.addons import kube_vip
from stardock.addons.charts import NAMESPACE, Chart, helm_chart, merged
from stardock.addons.releases import Release, fit, pinned, series_of
from stardock.model.addons import Addon, Wish
from stardock.model.plan import Plan

RELEASES = (Release("0.2.10", "v0.0.12", (1, 19), None),)
REPOSITORY = "https://kube-vip.github.io/helm-charts"
CHART = "kube-vip-cloud-provider"
NAME = "kube-vip"
_ACCOUNT = "stardock-kube-vip-services"
_RULES = (
    {"apiGroups": [""], "resources": ["services/status"], "verbs": ["update"]},
    {"apiGroups": [""], "resources": ["services", "endpoints"], "verbs": ["list", "get", "watch", "update"]},
    {"apiGroups": [""], "resources": ["nodes"], "verbs": ["list", "get", "watch", "update", "patch"]},
    {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ["list", "get", "watch", "update", "create"]},
    {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ["list", "get", "watch", "update"]},
    {"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]},
    {"apiGroups": ["networking.k8s.io"], "resources": ["servicecidrs"], "verbs": ["list", "get", "watch"]},
)


def addon(plan: Plan, wish: Wish, addresses: Sequence[str], interface: str | None) -> Addon:
    """What cluster.yaml's `addons.kube_vip` comes to. `interface`: where it answers; None: that of each node's default route."""
    series = series_of(plan.distribution.version)
    version = wish.version or pinned(RELEASES, series).chart
    chart = Chart(name=CHART, release=CHART, repository=REPOSITORY, version=version, namespace=NAMESPACE)
    both = merged({"cm": {"data": _pools(addresses)}}, wish.values)
    return Addon(
        name=NAME,
        version=version,
        source=f"{chart.source(wish)}, {kube_vip.IMAGE}",
        namespace=NAMESPACE,
        values=both,
        files={NAME: (*kube_vip.rights(_ACCOUNT, _RULES), _daemon_set(plan, interface)), CHART: (helm_chart(chart, both, wish),)},
        fits=fit(CHART, RELEASES, series, wish.version),
    )


def _pools(addresses: Sequence[str]) -> dict[str, str]:
    """All as ranges: where there is a network too, its cloud provider reads no range (pkg/provider/loadBalancer.go, `discoverPool`)."""
    return {"range-global": ",".join(map(_range, addresses))}


def _range(text: str) -> str:
    if "-" in text:
        return text
    network = ip_network(text)
    return f"{network[0]}-{network[-1]}"


def _daemon_set(plan: Plan, interface: str | None) -> dict[str, Any]:
    """On agents; where there are none, on servers. One of all answers for all Services (`svc_leasename`).

    Not on hosts that exist already: whether one is in that network, and what its interface is called, is not known here.
    """
    operator = "DoesNotExist" if plan.of_role("agent") else "Exists"
    values = {
        "vip_arp": "true",
        **({"vip_servicesinterface": interface} if interface else {}),
        "vip_subnet": "32",
        "svc_enable": "true",
        "svc_leasename": "plndr-svcs-lock",
        "cp_enable": "false",
        "vip_leaderelection": "true",
        "vip_leaseduration": "5",
        "vip_renewdeadline": "3",
        "vip_retryperiod": "1",
        "prometheus_server": "127.0.0.1:2113",  # beside that of the control plane's on the same host
    }
    return kube_vip.daemon_set(_ACCOUNT, values, operator, [host.hostname for host in plan.hosts])
