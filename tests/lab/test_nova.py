"""docs/walks/nova.md, walked as it stands: one server with a pod's data, a machine more, three servers on three hosts."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.command.copy import relocated
from stardock.model.stages import NAMES
from tests.lab import walk
from tests.lab.cluster import ROOT, Cluster

pytestmark = [pytest.mark.lab, pytest.mark.nodes, pytest.mark.long, pytest.mark.timeout(2400), pytest.mark.one_life("nova")]

EXAMPLE = ROOT / "examples/nova"
STEPS = walk.steps("nova")
EDITS = [step.text for step in STEPS if step.kind == "yaml"]
#: Where the next edit begins, and what is done until then.
PARTS = [position for position, step in enumerate(STEPS) if step.kind == "yaml"]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """The lab has all three hosts from the start; the file names the first."""
    folder = Path(shutil.copytree(EXAMPLE, tmp_path_factory.mktemp("nova") / "nova"))
    first = (folder / "cluster.yaml").read_text()
    (folder / "cluster.yaml").write_text(walk.edited(first, EDITS[1]))
    cluster = Cluster("nova", folder / "cluster.yaml", "real")
    cluster.up()
    try:
        for file in ("storage.yaml", "workloads.yaml"):
            shutil.copy(EXAMPLE / file, cluster.folder)
        cluster.file.write_text(relocated(first))
        yield cluster
    finally:
        cluster.down()


def where(cluster: Cluster, app: str) -> list[str]:
    """The nodes of a Deployment's pods, but for those that end."""
    pods = json.loads(cluster.kubectl("get", "pods", f"--selector=app={app}", "--output=json").stdout)["items"]
    return [pod["spec"]["nodeName"] for pod in pods if "deletionTimestamp" not in pod["metadata"]]


def service_run(cluster: Cluster) -> str:
    """Which run of its service server1 is in."""
    return cluster.ssh("server1", "systemctl show --property InvocationID --value k3s").strip()


@pytest.mark.proves("feature walks")
def test_one_server_runs_both_workloads_and_keeps_the_recordings_on_its_data_disk(cluster: Cluster) -> None:
    walk.done(cluster, STEPS[: PARTS[0]], relocated)
    assert (where(cluster, "game"), where(cluster, "recordings")) == (["server1"], ["server1"])
    assert cluster.ssh("server1", "cat /srv/recordings/first").strip() == "la la la"


@pytest.mark.proves("feature walks")
def test_a_machine_more_takes_the_game_and_the_server_is_neither_restarted_nor_without_its_data(cluster: Cluster) -> None:
    before = service_run(cluster)
    said = walk.done(cluster, STEPS[PARTS[0] : PARTS[1]], relocated)
    assert said.rstrip().endswith("la la la")
    assert (where(cluster, "game"), where(cluster, "recordings")) == (["agent1"], ["server1"])
    assert service_run(cluster) == before


@pytest.mark.proves("feature walks")
def test_three_servers_on_three_hosts_vote_behind_the_address_and_the_pod_keeps_its_data(cluster: Cluster) -> None:
    said = walk.done(cluster, STEPS[PARTS[1] :], relocated)
    assert said.rstrip().endswith("la la la")
    assert cluster.voters() == ["server1", "server2", "server3"]
    assert "https://192.168.1.40:6443" in cluster.kubeconfig.read_text()
    servers = {machine["name"]: machine["pve_node"] for machine in cluster.plan()["machines"] if machine["role"] == "server"}
    assert sorted(servers.values()) == ["pve1", "pve2", "pve3"]
    assert cluster.bootstrap().stdout.count("changed: nothing") == len(NAMES)
