"""system-upgrade-controller itself, by the objects that Stardock writes for it: what a Plan of a user's does to nodes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.patience import patient
from tests.lab.cluster import Cluster, changed
from tests.lab.real_addons import CONTROLLER, available, cluster_of, image_archive, told
from tests.waiting import until

pytestmark = [pytest.mark.lab, pytest.mark.nodes, pytest.mark.long, pytest.mark.timeout(1800), pytest.mark.one_life("upgrades")]

#: Nobody drains what DaemonSets own; these pods go where no cordon is.
KEPT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: kept}
spec:
  replicas: 2
  selector: {matchLabels: {app: kept}}
  template:
    metadata: {labels: {app: kept}}
    spec:
      terminationGracePeriodSeconds: 1
      nodeSelector: {egress: "true"}
      topologySpreadConstraints:
      - {maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: ScheduleAnyway, labelSelector: {matchLabels: {app: kept}}}
      containers: [{name: kept, image: docker.io/library/busybox:1, command: [sleep, "86400"]}]
"""
#: Writes to the node's own disk, as an upgrade does; the pause shows whether another one begins meanwhile.
PLAN = """\
apiVersion: upgrade.cattle.io/v1
kind: Plan
metadata: {name: note, namespace: system-upgrade}
spec:
  concurrency: 1
  version: v7
  serviceAccountName: system-upgrade
  nodeSelector: {matchLabels: {egress: "true"}}
  drain: {force: true}
  upgrade:
    image: docker.io/library/busybox:1
    command: [sh, -c, "echo $SYSTEM_UPGRADE_PLAN_LATEST_VERSION >/host/var/lib/noted; sleep 5; echo done >/host/var/lib/noted.done"]
"""
AGENTS = ("agent1", "agent2")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster_of("upgrades", tmp_path_factory.mktemp("upgrades"), image_archive(CONTROLLER)) as cluster:
        yield cluster


def kept(cluster: Cluster) -> dict[str, str]:
    """Running pod -> its node."""
    form = "jsonpath={range .items[?(@.status.phase=='Running')]}{.metadata.name} {.spec.nodeName}{'\\n'}{end}"
    return dict(line.split() for line in told(cluster, "get", "pods", "-l", "app=kept", "-o", form).splitlines())


def complete(cluster: Cluster) -> bool:
    form = "jsonpath={.status.conditions[?(@.type=='Complete')].status}"
    return told(cluster, "-n", "system-upgrade", "get", "plan", "note", "-o", form) == "True"


def evidence(cluster: Cluster) -> str:
    """What it did, and why a Job of its would not run."""
    namespace = ("-n", "system-upgrade")
    return told(cluster, *namespace, "get", "plans,jobs,pods,events", "-o", "wide") + told(
        cluster, *namespace, "logs", f"deployment/{CONTROLLER}"
    )


def noted(cluster: Cluster, agent: str) -> tuple[int, int]:
    """When the Plan's Job began and ended there, in seconds of the epoch."""
    began, ended = cluster.ssh(agent, "stat --format %Y /var/lib/noted /var/lib/noted.done").split()
    return int(began), int(ended)


@pytest.mark.proves("feature system-upgrade-controller")
def test_it_is_added_by_an_edit_and_makes_its_kind_and_a_second_run_changes_nothing(cluster: Cluster) -> None:
    cluster.file.write_text(cluster.file.read_text() + "  system_upgrade_controller: {}\n")
    assert changed(cluster.bootstrap().stdout) == ["addons"]
    available(cluster, "system-upgrade", CONTROLLER)
    until(lambda: told(cluster, "get", "crd", "plans.upgrade.cattle.io", "-o", "name"), "its kind", 60, lambda: evidence(cluster))
    assert changed(cluster.bootstrap().stdout) == []


@pytest.mark.proves("feature system-upgrade-controller")
def test_a_plan_drains_its_nodes_one_after_the_other_does_its_work_on_their_disks_and_lets_pods_back(
    cluster: Cluster, tmp_path: Path
) -> None:
    for name, text in (("kept", KEPT), ("plan", PLAN)):
        (tmp_path / f"{name}.yaml").write_text(text)
    cluster.kubectl("apply", "--filename", str(tmp_path / "kept.yaml"))
    until(lambda: sorted(kept(cluster).values()) == list(AGENTS), "a pod on each agent", 60)
    before = kept(cluster)
    cluster.kubectl("apply", "--filename", str(tmp_path / "plan.yaml"))
    until(lambda: complete(cluster), "the Plan to be complete", 180, lambda: evidence(cluster))
    (_, ended), (began, _) = sorted(noted(cluster, agent) for agent in AGENTS)
    assert began >= ended
    assert [cluster.ssh(agent, "cat /var/lib/noted").strip() for agent in AGENTS] == ["v7", "v7"]
    cluster.kubectl("rollout", "status", "deployment/kept", f"--timeout={patient(60):g}s")
    assert not set(before) & set(kept(cluster))
    nodes = {node["metadata"]["name"]: node for node in json.loads(told(cluster, "get", "nodes", "-o", "json"))["items"]}
    assert not [name for name, node in nodes.items() if node["spec"].get("unschedulable")]
    assert sorted(name for name, node in nodes.items() if "plan.upgrade.cattle.io/note" in node["metadata"]["labels"]) == list(AGENTS)


@pytest.mark.proves("feature system-upgrade-controller")
def test_it_is_taken_out_by_an_edit_and_a_second_run_changes_nothing(cluster: Cluster) -> None:
    cluster.edit(r"  system_upgrade_controller: \{\}\n", "")
    assert changed(cluster.bootstrap().stdout) == ["addons"]
    assert told(cluster, "-n", "system-upgrade", "get", "deployments", "-o", "name") == ""
    assert told(cluster, "get", "clusterroles", CONTROLLER, f"{CONTROLLER}-drainer", "--ignore-not-found", "-o", "name") == ""
    assert changed(cluster.bootstrap().stdout) == []
