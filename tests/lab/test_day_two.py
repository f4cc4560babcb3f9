"""One server and one agent through what changes later: labels, files, a machine made anew, another version of Kubernetes."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.patience import patient
from lab.standin import build_release
from stardock.model.stages import NAMES
from tests.lab.cluster import Cluster, bootstrapped_single
from tests.waiting import until

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900), pytest.mark.one_life("day two")]

OLD, NEW = "v1.36.4+rke2r1", "v1.36.5+rke2r1"
ADDED = """  - {name: agents, role: agent, machines: [agent1], labels: {disk: hdd, old: "yes"}}
distribution: {version: OLD}
cloud_init:
  user_data:
    write_files: [{path: /etc/rancher/rke2/registries.yaml, content: "mirrors: {}\\n", permissions: 0600}]
protect: false"""
POD: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {
        "name": "held",
        "labels": {"app": "held"},
        "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "held", "uid": "0", "controller": True}],
    },
    "spec": {
        "nodeName": "agent1",
        "terminationGracePeriodSeconds": 0,
        "automountServiceAccountToken": False,
        "containers": [{"name": "c", "image": "none"}],
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
    with bootstrapped_single("daytwo", tmp_path_factory.mktemp("daytwo"), ADDED.replace("OLD", OLD)) as cluster:
        yield cluster


def runs(cluster: Cluster) -> list[str]:
    """Which run of its service each machine is in."""
    asked = "systemctl show --property InvocationID --value rke2-{}"
    return [cluster.ssh(name, asked.format(kind)).strip() for name, kind in (("server1", "server"), ("agent1", "agent"))]


def node(cluster: Cluster, name: str = "agent1") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(cluster.kubectl("get", "node", name, "-o", "json").stdout)
    return found


def labels(cluster: Cluster) -> dict[str, str]:
    found: dict[str, str] = node(cluster)["metadata"]["labels"]
    return {key: value for key, value in found.items() if key in ("disk", "old", "zone", "theirs", "node-role.kubernetes.io/worker")}


def own_taints(cluster: Cluster) -> list[str]:
    taints = node(cluster)["spec"].get("taints", [])
    return [f"{taint['key']}={taint.get('value', '')}:{taint['effect']}" for taint in taints]


def unchanged(cluster: Cluster) -> None:
    again = cluster.bootstrap().stdout
    assert again.count("changed: nothing") == len(NAMES), again


def apply(cluster: Cluster, folder: Path, *objects: dict[str, Any]) -> None:
    for number, each in enumerate(objects):
        file = folder / f"{number}.json"
        file.write_text(json.dumps(each))
        cluster.kubectl("create", "-f", str(file))


@pytest.mark.proves("reality D27", "reality D21", "case 02-taint-edit")
def test_labels_and_taints_of_an_existing_node_are_applied_through_the_api_those_that_went_are_removed_and_nothing_restarts(
    cluster: Cluster,
) -> None:
    before = runs(cluster)
    assert labels(cluster) == {"disk": "hdd", "old": "yes"}
    cluster.kubectl("label", "node", "agent1", "theirs=x")
    cluster.edit(
        r'labels: \{disk: hdd, old: "yes"\}',
        'labels: {disk: ssd, zone: a, node-role.kubernetes.io/worker: "true"}, taints: ["gpu=only:NoSchedule"]',
    )
    cluster.bootstrap()
    assert labels(cluster) == {"disk": "ssd", "zone": "a", "theirs": "x", "node-role.kubernetes.io/worker": "true"}
    assert own_taints(cluster) == ["gpu=only:NoSchedule"]
    assert runs(cluster) == before
    cluster.edit(r', taints: \["gpu=only:NoSchedule"\]', "")
    cluster.bootstrap("--stage", "agents")
    assert own_taints(cluster) == []
    unchanged(cluster)


@pytest.mark.proves("case 05-registries-later")
def test_a_file_that_rke2_reads_edited_it_restarts_once(cluster: Cluster) -> None:
    before = runs(cluster)
    cluster.edit(r"mirrors: \{\}", "mirrors: {docker.io: {endpoint: ['https://registry.example.com']}}")
    cluster.bootstrap()
    after = runs(cluster)
    assert [old != new for old, new in zip(before, after, strict=True)] == [True, True]
    assert "registry.example.com" in cluster.ssh("agent1", "cat /etc/rancher/rke2/registries.yaml")
    unchanged(cluster)
    assert runs(cluster) == after


@pytest.mark.proves("reality D22")
def test_replace_an_agent_the_next_bootstrap_deletes_its_node_and_node_password_and_it_is_ready_again(cluster: Cluster) -> None:
    before, server = node(cluster), runs(cluster)[0]
    cluster.deploy("--replace", "agent1")
    cluster.bootstrap()
    after = node(cluster)
    assert after["metadata"]["uid"] != before["metadata"]["uid"]
    assert cluster.nodes()["agent1"]["Ready"] == "True"
    assert labels(cluster) == {"disk": "ssd", "zone": "a", "node-role.kubernetes.io/worker": "true"}
    assert runs(cluster)[0] == server
    unchanged(cluster)


@pytest.mark.proves("reality D24")
def test_version_goes_up_after_a_snapshot_server_by_server_and_an_agent_that_cannot_be_drained_keeps_its_version_and_its_pods(
    cluster: Cluster, tmp_path: Path
) -> None:
    cluster.kubectl("create", "serviceaccount", "default")  # a controller manager would make it
    apply(cluster, tmp_path, POD, BUDGET)
    cluster.kubectl(
        *("patch", "pod", "held", "--subresource=status", "--type=merge"),
        *("-p", '{"status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}}'),
    )
    cluster.kubectl(
        *("patch", "poddisruptionbudget", "held", "--subresource=status", "--type=merge"),
        *(
            "-p",
            '{"status": {"observedGeneration": 1, "disruptionsAllowed": 0, "currentHealthy": 1, "desiredHealthy": 1, "expectedPods": 1}}',
        ),
    )
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
    assert cluster.kubectl("get", "pod", "held", "-o", "jsonpath={.metadata.deletionTimestamp}").stdout == ""


@pytest.mark.proves("reality D24")
def test_killed_while_an_agent_is_drained_the_next_run_ends_the_upgrade_and_the_agent_takes_pods_again(cluster: Cluster) -> None:
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
    assert cluster.kubectl("get", "pod", "held", check=False).returncode != 0, "its pod was evicted"
    unchanged(cluster)


@pytest.mark.proves("reality D26")
def test_an_api_server_that_does_not_start_the_cause_is_read_where_it_is(cluster: Cluster) -> None:
    kept = cluster.file.read_text()
    cluster.edit(r"distribution: \{", 'distribution: {options: {kube-apiserver-arg: ["no-such-flag=1"]}, ')
    try:
        failed = cluster.bootstrap("--ready-timeout", "45", check=False)  # etcd first: 20 s were too few on a busy machine
    finally:
        cluster.file.write_text(kept)
    assert failed.returncode == 6
    assert "--no-such-flag is no flag of this version's program" in failed.stderr
    cluster.bootstrap()
    assert cluster.voters() == ["server1"]
