"""What we tell charts are keys that they have."""

from __future__ import annotations

from typing import Any

import pytest

from stardock.model.plan import Plan
from tests.unit.addons.chart_values import CHARTS
from tests.unit.addons.planning import POOLS, leaves, planned
from tests.unit.addons.test_handover import BY_KEY, wanted
from tests.unit.addons.test_nodes_storage import CLIENTS, MOUNTED, PIRAEUS, RAW, pools
from tests.unit.addons.test_proxmox import CLOUD, CSI
from tests.unit.addons.test_shares import NFS, SMB

pytestmark = [pytest.mark.unit, pytest.mark.proves("feature add-ons")]

K3S = {"distribution": {"name": "k3s"}}
KUBE_VIP = {"kube_vip": {"addresses": ["192.168.1.230-192.168.1.239", "192.168.1.248/29"]}}
#: Chart, what is wished, and what else cluster.yaml says.
WISHED: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("kured", {"kured": {}}, {}),
    ("metallb", {"metallb": {"pools": POOLS}}, {}),
    ("cert-manager", {"cert_manager": {}}, {}),
    ("kube-vip-cloud-provider", KUBE_VIP, {}),
    ("longhorn", {"longhorn": {"disk": "data"}}, {**CLIENTS, **pools(MOUNTED)}),
    ("piraeus", {"piraeus": PIRAEUS}, pools(RAW)),
    ("csi-driver-nfs", {"nfs_csi": NFS}, {}),
    ("csi-driver-smb", {"smb_csi": SMB}, {}),
    ("proxmox-csi-plugin", {"proxmox_csi": CSI}, {}),
    ("proxmox-cloud-controller-manager", {"proxmox_cloud": CLOUD}, {}),
    ("argo-cd", wanted("argo_cd", BY_KEY), {}),
    ("flux2", wanted("flux", BY_KEY), {}),
    ("pulumi-kubernetes-operator", wanted("pulumi", BY_KEY), {}),
    ("traefik", {"ingress": {"source": "chart"}}, {}),
    ("traefik", {"ingress": {"source": "chart"}, **KUBE_VIP}, {}),
    ("ingress-nginx", {"ingress": {"source": "chart", "controller": "ingress-nginx"}}, {}),
    ("ingress-nginx", {"ingress": {"source": "chart", "controller": "ingress-nginx"}}, K3S),
]


def told(plan: Plan, chart: str) -> set[tuple[str, ...]]:
    """The paths of values of one of its charts, by the name in its source."""
    (addon,) = [one for one in plan.addons if chart in one.source]
    return set(leaves(dict(addon.values)))


def is_known(chart: str, path: tuple[str, ...]) -> bool:
    """Whether a chart has it, or takes any key there."""
    above = {".".join((*path[:end], "*")) for end in range(1, len(path))}
    return ".".join(path) in CHARTS[chart] or bool(above & CHARTS[chart])


@pytest.mark.parametrize(("chart", "wished", "more"), WISHED)
def test_every_value_that_is_ours_is_one_of_the_charts(chart: str, wished: dict[str, Any], more: dict[str, Any]) -> None:
    assert {path for path in told(planned(wished, **more), chart) if not is_known(chart, path)} == set()


def test_a_value_that_no_chart_has_would_be_found() -> None:
    assert not is_known("metallb", ("frr", "enabled"))
    assert is_known("kube-vip-cloud-provider", ("cm", "data", "range-global"))


def test_every_chart_of_the_list_is_looked_at() -> None:
    assert {chart for chart, _, _ in WISHED} == set(CHARTS)
