"""Nodes with taints have what mounts volumes, announces addresses and makes them Ready: its pods tolerate what is planned."""

from __future__ import annotations

from typing import Any

import pytest

from stardock.model.plan import Plan
from tests.plans import document
from tests.unit.addons.chart_values import CHARTS
from tests.unit.addons.planning import POOLS, manifests, planned, values
from tests.unit.addons.test_chart_values import is_known, told
from tests.unit.addons.test_nodes_storage import CLIENTS, RAW
from tests.unit.addons.test_proxmox import CLOUD, CSI

pytestmark = [pytest.mark.unit, pytest.mark.proves("feature add-ons", "feature storage add-ons")]

SERVERS = "CriticalAddonsOnly=true:NoExecute"
AGENTS = ["gpu=yes:NoSchedule", "gpu=no:NoSchedule"]
OF_SERVERS = {"key": "CriticalAddonsOnly", "operator": "Exists", "effect": "NoExecute"}
OF_AGENTS = {"key": "gpu", "operator": "Exists", "effect": "NoSchedule"}
HOST = {"name": "shelf", "role": "agent", "address": "192.168.1.99", "system": "debian", "taints": ["arm:NoSchedule"]}
OF_HOST = {"key": "arm", "operator": "Exists", "effect": "NoSchedule"}


def tainted(addons: dict[str, Any], disk: dict[str, Any] | None = None, **more: Any) -> Plan:
    data = document()
    data["pools"][1]["taints"], data["pools"][2]["taints"] = [SERVERS], AGENTS
    if disk:
        data["pools"][2]["data_disks"] = [disk]
    return planned(addons, pools=data["pools"], **CLIENTS, **more)


def test_proxmoxs_cloud_controller_runs_on_servers_whatever_their_taints_since_every_node_waits_for_it() -> None:
    keys = [one["key"] for one in values(tainted({"proxmox_cloud": CLOUD}), "proxmox-cloud-controller-manager")["tolerations"]]
    assert keys == ["node-role.kubernetes.io/control-plane", "node.cloudprovider.kubernetes.io/uninitialized", "CriticalAddonsOnly"]
    assert "tolerations" not in values(planned({"proxmox_cloud": CLOUD}), "proxmox-cloud-controller-manager"), "the chart's own do"


def test_disks_of_proxmox_are_mounted_on_tainted_nodes_and_not_on_hosts() -> None:
    found = values(tainted({"proxmox_csi": CSI}, hosts=[HOST]), "proxmox-csi-plugin")["node"]["tolerations"]
    assert [one["key"] for one in found[:3]] == [
        *("karpenter.sh/disrupted", "node.kubernetes.io/unschedulable"),
        "node.kubernetes.io/disk-pressure",
    ]
    assert found[3:] == [OF_SERVERS, OF_AGENTS]


@pytest.mark.parametrize(
    ("wanted", "disk", "tolerated"),
    [
        ({}, None, [OF_AGENTS, OF_HOST]),
        ({"disk": "data"}, {**RAW, "mount": "/srv/longhorn"}, [OF_SERVERS, OF_AGENTS, OF_HOST]),
    ],
)
def test_longhorn_attaches_on_tainted_nodes_and_keeps_no_copies_on_tainted_servers(
    wanted: dict[str, Any], disk: dict[str, Any] | None, tolerated: list[dict[str, str]]
) -> None:
    found = values(tainted({"longhorn": wanted}, disk, hosts=[HOST]), "longhorn")
    assert found["longhornManager"]["tolerations"] == found["longhornDriver"]["tolerations"] == tolerated
    setting = found["defaultSettings"]["taintToleration"]
    assert setting == "; ".join(f"{one['key']}:{one['effect']}" for one in tolerated)


def test_piraeus_and_metallb_run_on_tainted_nodes() -> None:
    plan = tainted({"piraeus": {"disk": "data", "replicas": 1}, "metallb": {"pools": POOLS}}, RAW, hosts=[HOST])
    assert manifests(plan)["piraeus-operator-cluster"][0]["spec"]["tolerations"] == [OF_SERVERS, OF_AGENTS]
    assert values(plan, "metallb")["speaker"]["tolerations"] == [OF_SERVERS, OF_AGENTS, OF_HOST]


@pytest.mark.parametrize(
    ("chart", "addons"),
    [
        ("metallb", {"metallb": {"pools": POOLS}}),
        ("longhorn", {"longhorn": {}}),
        ("proxmox-csi-plugin", {"proxmox_csi": CSI}),
        ("proxmox-cloud-controller-manager", {"proxmox_cloud": CLOUD}),
    ],
)
def test_what_is_told_for_taints_is_a_value_of_the_chart(chart: str, addons: dict[str, Any]) -> None:
    assert CHARTS[chart]
    assert [path for path in told(tainted(addons), chart) if not is_known(chart, path)] == []
