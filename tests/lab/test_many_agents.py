"""2 load balancers, 3 servers and 12 agents, fifteen nodes that are real, from nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.patience import patient
from stardock.model.stages import NAMES
from tests.lab.cluster import Cluster, example_as

pytestmark = [pytest.mark.lab, pytest.mark.nodes, pytest.mark.long, pytest.mark.timeout(2400), pytest.mark.one_life("many agents")]

AGENTS = [f"agent{number}" for number in range(1, 13)]
SERVERS = ["server1", "server2", "server3"]
WEB = Path(__file__).parents[2] / "tools/demo-web.yaml"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    source = example_as("many-agents", tmp_path_factory.mktemp("many-agents"))
    text = source.read_text()
    assert text.count("machines: [agent1]") == 1
    source.write_text(text.replace("machines: [agent1]", f"machines: [{', '.join(AGENTS)}]"))
    with Cluster("many-agents", source, "real").deployed() as cluster:
        cluster.bootstrap()
        yield cluster


@pytest.mark.proves("feature nodes that run pods")
def test_every_node_of_fifteen_is_ready_and_each_runs_a_pod_that_the_others_reach(cluster: Cluster) -> None:
    assert cluster.voters() == SERVERS
    assert {name for name, conditions in cluster.nodes().items() if conditions["Ready"] == "True"} == {*SERVERS, *AGENTS}
    cluster.kubectl("apply", "--filename", str(WEB))
    cluster.kubectl("scale", "deployment/web", "--replicas=15")
    cluster.kubectl("rollout", "status", "deployment/web", f"--timeout={patient(180):g}s")
    pods = json.loads(cluster.kubectl("get", "pods", "--selector=app=web", "--output=json").stdout)["items"]
    addresses = {pod["metadata"]["name"]: pod["status"]["podIP"] for pod in pods}
    assert {pod["spec"]["nodeName"] for pod in pods} >= set(AGENTS)
    asked = "; ".join(f"timeout 10 wget -q -O - http://{address}:8080; echo" for address in addresses.values())
    answered = cluster.kubectl("exec", next(iter(addresses)), "--", "sh", "-c", asked).stdout.split()
    assert sorted(answered) == sorted(addresses)


def test_a_second_run_changes_nothing_on_seventeen_machines(cluster: Cluster) -> None:
    again = cluster.bootstrap().stdout
    assert again.count("changed: nothing") == len(NAMES), again
