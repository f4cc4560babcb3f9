"""What we tell charts are keys that they have."""

from __future__ import annotations

from typing import Any

import pytest

from stardock.model.plan import Plan
from tests.unit.addons.chart_values import CHARTS
from tests.unit.addons.planning import POOLS, leaves, planned

pytestmark = [pytest.mark.unit, pytest.mark.proves("feature add-ons")]

K3S = {"distribution": {"name": "k3s"}}
KUBE_VIP = {"kube_vip": {"addresses": ["192.168.1.230-192.168.1.239", "192.168.1.248/29"]}}
#: Chart, what is wished, and what else cluster.yaml says.
WISHED: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("kured", {"kured": {}}, {}),
    ("metallb", {"metallb": {"pools": POOLS}}, {}),
    ("cert-manager", {"cert_manager": {}}, {}),
    ("kube-vip-cloud-provider", KUBE_VIP, {}),
    ("traefik", {"ingress": {"source": "chart"}}, {}),
    ("traefik", {"ingress": {"source": "chart"}, **KUBE_VIP}, {}),
    ("ingress-nginx", {"ingress": {"source": "chart", "controller": "ingress-nginx"}}, {}),
    ("ingress-nginx", {"ingress": {"source": "chart", "controller": "ingress-nginx"}}, K3S),
]


def told(plan: Plan, chart: str) -> set[str]:
    """The paths of values of one of its charts, by the name in its source."""
    (addon,) = [one for one in plan.addons if chart in one.source]
    return {".".join(path) for path in leaves(dict(addon.values))}


@pytest.mark.parametrize(("chart", "wished", "more"), WISHED)
def test_every_value_that_is_ours_is_one_of_the_charts(chart: str, wished: dict[str, Any], more: dict[str, Any]) -> None:
    known = CHARTS[chart]
    unknown = {path for path in told(planned(wished, **more), chart) if path not in known}
    assert {path for path in unknown if f"{path.rpartition('.')[0]}.*" not in known} == set()


def test_every_chart_of_the_list_is_looked_at() -> None:
    assert {chart for chart, _, _ in WISHED} == set(CHARTS)
