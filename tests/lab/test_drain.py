"""An upgrade past a workload that really runs: its disruption budget, its eviction and its return are Kubernetes' own."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.patience import patient
from lab.standin import build_release
from tests.lab.cluster import Cluster, bootstrapped_single
from tests.lab.test_day_two import NEW, OLD, apply, node, unchanged
from tests.waiting import until

pytestmark = [pytest.mark.lab, pytest.mark.nodes, pytest.mark.timeout(900), pytest.mark.one_life("drain")]

AGENT = "  - {name: agents, role: agent, machines: [agent1]}\ndistribution: {version: OLD}\nprotect: false"
WORKLOAD: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "held"},
    "spec": {
        "selector": {"matchLabels": {"app": "held"}},
        "template": {
            "metadata": {"labels": {"app": "held"}},
            "spec": {
                "nodeSelector": {"kubernetes.io/hostname": "agent1"},
                "terminationGracePeriodSeconds": 0,
                "containers": [{"name": "c", "image": "docker.io/library/busybox:1", "command": ["sleep", "86400"]}],
            },
        },
    },
}
BUDGET: dict[str, Any] = {
    "apiVersion": "policy/v1",
    "kind": "PodDisruptionBudget",
    "metadata": {"name": "held"},
    "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "held"}}},
}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with bootstrapped_single("drain", tmp_path_factory.mktemp("drain"), AGENT.replace("OLD", OLD), "real") as cluster:
        yield cluster


def held(cluster: Cluster) -> str:
    """The one pod of the workload."""
    (name,) = cluster.kubectl("get", "pods", "-l", "app=held", "-o", "jsonpath={.items[*].metadata.name}").stdout.split()
    return name


@pytest.mark.proves("reality D24", "feature nodes that run pods")
def test_version_goes_up_after_a_snapshot_server_by_server_and_an_agent_that_cannot_be_drained_keeps_its_version_and_its_pods(
    cluster: Cluster, tmp_path: Path
) -> None:
    apply(cluster, tmp_path, WORKLOAD, BUDGET)
    cluster.kubectl("rollout", "status", "deployment/held", f"--timeout={patient(60):g}s")
    cluster.kubectl("wait", "pdb/held", "--for=jsonpath={.status.currentHealthy}=1", f"--timeout={patient(30):g}s")
    pod = held(cluster)
    build_release(Path(cluster.inside("printenv", "STARDOCK_ARTIFACTS").stdout.strip()), NEW)
    cluster.edit(re.escape(OLD), NEW)
    refused = cluster.bootstrap("--drain-timeout", "6", check=False)
    assert refused.returncode == 6
    assert "agent1 could not be drained within 6 s" in refused.stderr
    assert "disruption budget" in refused.stderr
    assert node(cluster, "server1")["status"]["nodeInfo"]["kubeletVersion"] == NEW
    assert len(cluster.ssh("server1", "ls /var/lib/rancher/rke2/server/db/snapshots").split()) == 1
    kept = node(cluster)
    assert kept["status"]["nodeInfo"]["kubeletVersion"] == OLD
    assert "unschedulable" not in kept["spec"]
    assert "stardock.io/cordoned-by" not in kept["metadata"].get("annotations", {})
    assert held(cluster) == pod


@pytest.mark.proves("reality D24", "feature nodes that run pods")
def test_killed_while_an_agent_is_drained_the_next_run_ends_the_upgrade_and_the_agent_takes_pods_again(cluster: Cluster) -> None:
    pod = held(cluster)
    run = cluster.begin("runner", "bootstrap", "-f", str(cluster.file), "--stage", "agents")
    until(lambda: node(cluster)["spec"].get("unschedulable") is True, "agent1 to be cordoned", 60)
    os.kill(int(cluster.file.with_suffix(".pid").read_text().split()[0]), signal.SIGKILL)
    assert run.wait(timeout=patient(60)) != 0
    cluster.kubectl("delete", "poddisruptionbudget", "held")
    cluster.bootstrap()
    after = node(cluster)
    assert after["status"]["nodeInfo"]["kubeletVersion"] == NEW
    assert "unschedulable" not in after["spec"]
    assert "stardock.io/cordoned-by" not in after["metadata"].get("annotations", {})
    cluster.kubectl("rollout", "status", "deployment/held", f"--timeout={patient(60):g}s")
    assert held(cluster) != pod, "its pod was evicted, and another took its place"
    unchanged(cluster)
