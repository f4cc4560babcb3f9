"""Ways out of the cluster by cilium's egress gateway."""

from __future__ import annotations

from typing import Any

import pytest

from tests.plans import document
from tests.unit.addons.planning import inventory, manifests, planned, problem

pytestmark = [pytest.mark.unit, pytest.mark.proves("feature egress")]

CNI: dict[str, Any] = {"plugin": "cilium", "kube_proxy": False, "values": {"egressGateway": {"enabled": True}, "bpf": {"masquerade": True}}}
WAY = {"name": "partner", "pods": {"app": "billing"}, "pool": "agents", "destinations": ["203.0.113.0/24"]}


def test_pods_leave_through_the_nodes_of_the_pool_and_these_have_its_label() -> None:
    plan = planned({"egress": [{**WAY, "namespace": "web"}]}, cni=CNI)
    (policy,) = manifests(plan)["egress"]
    assert policy["spec"] == {
        "selectors": [{"podSelector": {"matchLabels": {"app": "billing", "io.kubernetes.pod.namespace": "web"}}}],
        "destinationCIDRs": ["203.0.113.0/24"],
        "egressGateway": {"nodeSelector": {"matchLabels": {"stardock.io/egress-partner": "true"}}},
    }
    hosts = inventory(plan)
    labels = {name: hosts[f"host_vars/{name}.yml"]["kubernetes_node"]["labels"] for name in ("agent1", "server1")}
    assert {name: one.get("stardock.io/egress-partner") for name, one in labels.items()} == {"agent1": "true", "server1": None}


@pytest.mark.parametrize(
    "cni", [{}, {**CNI, "kube_proxy": True}, {**CNI, "values": {}}, {**CNI, "values": {**CNI["values"], "bpf": {"masquerade": False}}}]
)
def test_cilium_without_kube_proxy_must_be_told_to_have_a_gateway(cni: dict[str, Any]) -> None:
    assert problem({"egress": [WAY]}, cni=cni).path == "addons.egress"


def test_load_balancers_are_no_way_out_and_two_ways_have_two_names() -> None:
    name = next(pool["name"] for pool in document()["pools"] if pool["role"] == "loadbalancer")
    assert "load balancers are no nodes" in problem({"egress": [{**WAY, "pool": name}]}, cni=CNI).message
    assert problem({"egress": [WAY, WAY]}, cni=CNI).message == "two ways are named `partner`"
