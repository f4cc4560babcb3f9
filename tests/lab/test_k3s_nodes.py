"""`examples/k3s` on a machine that is a node for real: what pods, Services and the kubelet do behind k3s' one port."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.patience import patient
from tests.lab.cluster import Cluster, example_as
from tests.waiting import until

pytestmark = [pytest.mark.lab, pytest.mark.nodes, pytest.mark.timeout(900), pytest.mark.one_life("k3s nodes")]

WEB = Path(__file__).parents[2] / "tools/demo-web.yaml"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with Cluster("k3s-nodes", example_as("k3s-nodes", tmp_path_factory.mktemp("k3s-nodes"), "k3s"), "real").deployed() as cluster:
        cluster.bootstrap()
        yield cluster


@pytest.fixture(scope="module")
def pods(cluster: Cluster) -> list[str]:
    cluster.kubectl("apply", "--filename", str(WEB))
    cluster.kubectl("rollout", "status", "deployment/web", f"--timeout={patient(90):g}s")
    return cluster.kubectl("get", "pods", "--selector=app=web", "--output=jsonpath={.items[*].metadata.name}").stdout.split()


@pytest.mark.proves("feature k3s", "feature nodes that run pods")
def test_a_deployment_of_two_is_answered_through_a_service(cluster: Cluster, pods: list[str]) -> None:
    assert len(pods) == 2
    address = cluster.kubectl("get", "node", "server1", "--output=jsonpath={.status.addresses[0].address}").stdout
    asked = "for i in $(seq 20); do curl -sS --retry 5 --retry-connrefused http://{}:30080; done"
    assert set(cluster.inside("sh", "-c", asked.format(address)).stdout.split()) == set(pods)


@pytest.mark.proves("feature k3s", "feature nodes that run pods")
def test_exec_and_logs_come_through_the_one_port_and_a_pod_finds_a_service_by_its_name(cluster: Cluster, pods: list[str]) -> None:
    dns = ("--namespace=kube-system", "deployment/coredns")  # is ready only when it has reached the API by its Service
    cluster.kubectl("rollout", "status", *dns, f"--timeout={patient(90):g}s")
    answer = cluster.kubectl("exec", pods[0], "--", "wget", "-q", "-O", "-", "http://web.default.svc.cluster.local").stdout.strip()
    assert answer in pods
    assert "CoreDNS" in cluster.kubectl("logs", *dns).stdout


@pytest.mark.proves("feature k3s")
def test_pods_live_on_while_the_service_restarts(cluster: Cluster, pods: list[str]) -> None:
    """What the API knows of them may be of before the restart: the processes themselves are looked at, and the Node's next sign of life."""
    # Of each its number, and when it began.
    processes = 'for pid in $(pgrep --full "http[d] -f -p 8080"); do cut --delimiter=" " --fields=1,22 "/proc/$pid/stat"; done'
    renewed = ("--namespace=kube-node-lease", "get", "lease", "server1", "--output=jsonpath={.spec.renewTime}")
    service = "systemctl show --property=MainPID --value k3s"
    before, main, lease = cluster.ssh("server1", processes), cluster.ssh("server1", service), cluster.kubectl(*renewed).stdout
    assert len(before.splitlines()) == len(pods)
    cluster.ssh("server1", "systemctl restart k3s")
    cluster.wait_for_api()
    until(lambda: cluster.kubectl(*renewed, check=False).stdout not in ("", lease), "the kubelet to say that it lives")
    until(lambda: cluster.nodes()["server1"]["Ready"] == "True", "server1 to be Ready")
    assert cluster.ssh("server1", service) != main
    assert cluster.ssh("server1", processes) == before
