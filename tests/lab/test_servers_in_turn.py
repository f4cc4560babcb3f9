"""Servers die and come back one after the other; agents that are nodes for real go on serving what runs on them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from lab.patience import patient
from tests.lab.cluster import ROOT, Cluster, example_as
from tests.waiting import until

pytestmark = [pytest.mark.lab, pytest.mark.nodes, pytest.mark.timeout(1800), pytest.mark.one_life("servers in turn")]

SERVERS = ["server1", "server2", "server3"]
#: Both pods and who asks them are on agents: what dies with a server is no Service's fault.
ON_AGENTS = """\
      affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [
        {matchExpressions: [{key: node-role.kubernetes.io/control-plane, operator: DoesNotExist}]}]}}}
"""
#: A new connection each 100 ms; who gets no answer within a second tries again, as clients do.
EACH = "while true; do if {}; then echo answered; else echo failed; fi; sleep 0.1; done"
CLIENT = """\
apiVersion: v1
kind: Pod
metadata: {{name: client}}
spec:
  terminationGracePeriodSeconds: 1
  nodeSelector: {{kubernetes.io/hostname: agent1}}
  containers:
  - {{name: client, image: "docker.io/library/busybox:1", command: [sh, -c, "{}"]}}
"""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """The quick start with one load balancer, and a second agent."""
    source = example_as("in-turn", tmp_path_factory.mktemp("in-turn"))
    text = source.read_text()
    assert "[agent1]" in text
    assert "count: 2" in text
    source.write_text(text.replace("[agent1]", "[agent1, agent2]").replace("count: 2", "count: 1"))
    with Cluster("in-turn", source, "real").deployed() as cluster:
        cluster.bootstrap()
        yield cluster


@pytest.fixture(scope="module")
def service(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The cluster's own address of a Service of two pods, one on each agent."""
    web = (ROOT / "tools/demo-web.yaml").read_text()
    apply(cluster, tmp_path_factory.mktemp("web"), web.replace("      containers:\n", f"{ON_AGENTS}      containers:\n"))
    cluster.kubectl("rollout", "status", "deployment/web", f"--timeout={patient(90):g}s")
    where = cluster.kubectl("get", "pods", "--selector=app=web", "--output=jsonpath={.items[*].spec.nodeName}").stdout.split()
    assert sorted(where) == ["agent1", "agent2"]
    return cluster.kubectl("get", "service", "web", "--output=jsonpath={.spec.clusterIP}").stdout


def apply(cluster: Cluster, folder: Path, text: str) -> None:
    (folder / "manifest.yaml").write_text(text)
    cluster.kubectl("apply", "--filename", str(folder / "manifest.yaml"))


def out_and_back(cluster: Cluster, server: str) -> None:
    """Its power is cut; the others know, and answer; it is switched on, and all vote again."""
    cluster.kill(server)
    cluster.wait_for_api()
    until(lambda: cluster.nodes()[server]["Ready"] != "True", f"{server} to be told NotReady", 120)
    cluster.start(server)
    until(lambda: cluster.voters() == SERVERS, "all servers to vote", 120)


def judged(answers: list[str]) -> None:
    """Each request was answered, or the next one: none that failed was followed by another."""
    assert set(answers) <= {"answered", "failed"}, set(answers)
    assert answers.count("answered") > 500
    twice = [number for number, pair in enumerate(pairwise(answers)) if pair == ("failed", "failed")]
    assert not twice, f"{answers.count('failed')} of {len(answers)} failed, in a row from {twice[0]}"


@pytest.mark.proves("feature nodes that run pods", "feature load balancers and VIP")
def test_a_pod_s_service_stays_reachable_while_each_server_is_killed_and_comes_back_in_turn(
    cluster: Cluster, service: str, tmp_path: Path
) -> None:
    """From a pod by the Service's own address (Debian's static busybox dies of `wget -T`), and from outside by an agent's port."""
    apply(cluster, tmp_path, CLIENT.format(EACH.format(f"timeout 1 wget -q -O /dev/null http://{service}")))
    cluster.kubectl("wait", "--for=condition=Ready", "pod/client", f"--timeout={patient(60):g}s")
    agent = cluster.kubectl("get", "node", "agent2", "--output=jsonpath={.status.addresses[0].address}").stdout
    with (tmp_path / "outside").open("w+") as output:
        outside = cluster.begin("sh", "-c", EACH.format(f"curl -sf -m 1 -o /dev/null http://{agent}:30080"), output=output)
        try:
            for server in SERVERS:
                out_and_back(cluster, server)
        finally:
            outside.terminate()
            outside.wait()
        output.seek(0)
        judged(output.read().split())
    judged(cluster.kubectl("logs", "client").stdout.split())


@pytest.mark.proves("feature machines' power")
def test_an_agent_is_drained_and_stopped_its_pods_go_to_the_other_and_it_comes_back_without_our_cordon(
    cluster: Cluster, service: str
) -> None:
    file = ("-f", str(cluster.file))
    stopped = cluster.inside("runner", "machine", "stop", "agent2", "--yes", *file).stdout
    assert "drain: cordon agent2" in stopped
    cluster.kubectl("rollout", "status", "deployment/web", f"--timeout={patient(90):g}s")
    where = cluster.kubectl("get", "pods", "--selector=app=web", "--output=jsonpath={.items[*].spec.nodeName}").stdout.split()
    assert where == ["agent1", "agent1"]
    status = cluster.inside("runner", "machine", "status", "--format", "json", *file, check=False)
    found = {one["name"]: one for one in json.loads(status.stdout)["machines"]}
    assert status.returncode == 2
    assert [name for name, one in found.items() if not one["runs"]] == ["agent2"]
    assert found["server1"]["node"] == {"ready": True, "cordoned": False, "votes": True}
    cluster.inside("runner", "machine", "start", "agent2", *file)
    assert not json.loads(cluster.kubectl("get", "node", "agent2", "--output", "json").stdout)["spec"].get("unschedulable")
    until(lambda: cluster.nodes()["agent2"]["Ready"] == "True", "agent2 to be Ready")
