"""Which labels a kubelet is given, and which come through the API only."""

from __future__ import annotations

from typing import Any

import pytest

from stardock.bundle.inventory import inventory_files
from stardock.distributions.node_labels import kubelet_may_set
from stardock.model.facts import Facts
from tests.plans import document, plan_of

pytestmark = pytest.mark.unit


@pytest.mark.proves("reality D21")
@pytest.mark.parametrize(
    ("key", "may"),
    [
        ("disk", True),
        ("example.com/disk", True),
        ("notkubernetes.io/x", True),
        ("kubernetes.io/role", False),
        ("node-role.kubernetes.io/worker", False),
        ("node-restriction.kubernetes.io/fips", False),
        ("k8s.io/x", False),
        ("foo.k8s.io/x", False),
        ("node.kubernetes.io/pool", True),
        ("sub.node.kubernetes.io/pool", True),
        ("kubelet.kubernetes.io/x", True),
        ("topology.kubernetes.io/zone", True),
        ("topology.kubernetes.io/rack", False),
        ("kubernetes.io/hostname", True),
    ],
)
def test_the_allow_list_of_the_kubelet(key: str, may: bool) -> None:
    assert kubelet_may_set(key) is may


def agent(options: dict[str, Any], **pool: Any) -> dict[str, Any]:
    data = document()
    data["distribution"]["options"] = options
    data["pools"][2].update(pool)
    return inventory_files(plan_of(data)[0], Facts(cluster="quickstart"))["host_vars/agent1.yml"]


@pytest.mark.proves("reality D21", "reality D27")
def test_a_node_role_label_goes_through_the_api_and_never_through_the_kubelet() -> None:
    labels = {"node-role.kubernetes.io/worker": "true", "disk": "ssd"}
    host = agent({}, labels=labels, taints=["gpu=only:NoSchedule"])
    assert host["kubernetes_node"] == {"name": "agent1", "labels": labels, "taints": ["gpu=only:NoSchedule"]}
    assert host["kubernetes_registration"] == {"node-label": ["disk=ssd"], "node-taint": ["gpu=only:NoSchedule"]}


@pytest.mark.proves("reality D27")
def test_an_edited_label_or_taint_changes_no_file_that_rke2_restarts_for() -> None:
    before, after = agent({}, labels={"disk": "hdd"}), agent({}, labels={"disk": "ssd"}, taints=["gpu=only:NoSchedule"])
    assert before["kubernetes_config"] == after["kubernetes_config"]
    assert {"node-label", "node-taint"}.isdisjoint(after["kubernetes_config"])


@pytest.mark.proves("reality D27")
@pytest.mark.parametrize("taint", ["node.cilium.io/agent-not-ready:NoExecute", "ebs.csi.aws.com/agent-not-ready:NoExecute"])
def test_a_taint_for_a_nodes_start_is_given_at_registration_and_never_put_back(taint: str) -> None:
    host = agent({}, taints=[taint, "gpu=only:NoSchedule"])
    assert host["kubernetes_registration"]["node-taint"] == [taint, "gpu=only:NoSchedule"]
    assert host["kubernetes_node"]["taints"] == ["gpu=only:NoSchedule"]


def test_options_hold_for_all_nodes_and_the_pool_wins() -> None:
    host = agent({"node-label": ["disk=hdd", "site=a"], "node-taint": "x:NoExecute"}, labels={"disk": "ssd"}, taints=["x:NoExecute"])
    assert host["kubernetes_node"] == {"name": "agent1", "labels": {"disk": "ssd", "site": "a"}, "taints": ["x:NoExecute"]}


def test_without_labels_there_is_nothing_to_register() -> None:
    assert agent({})["kubernetes_registration"] == {}
