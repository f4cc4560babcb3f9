"""One server and three agents, of which one fails in its stage: the others are done, and so is what comes later."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from stardock.model.stages import NAMES
from tests.lab.cluster import Cluster, example_as

pytestmark = [pytest.mark.lab, pytest.mark.one_life("agents"), pytest.mark.timeout(600), pytest.mark.proves("reality D31")]

POOL = "  - {name: agents, role: agent, machines: [agent1, agent2, agent3]}\nprotect: false"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    source = example_as("failing", tmp_path_factory.mktemp("failing"), "single")
    source.write_text(source.read_text().replace("protect: false", POOL))
    with Cluster("failing", source).deployed() as cluster:
        yield cluster


def ready(cluster: Cluster) -> list[str]:
    return sorted(name for name, conditions in cluster.nodes().items() if conditions["Ready"] == "True")


def runs(cluster: Cluster, *agents: str) -> list[str]:
    """Which run of its service each of these is in."""
    return [cluster.ssh(name, "systemctl show --property InvocationID --value rke2-agent").strip() for name in agents]


def test_an_agent_that_cannot_start_the_others_join_the_kubeconfig_is_written_and_the_failed_one_is_told_with_cause_and_cure(
    cluster: Cluster,
) -> None:
    cluster.ssh("agent2", "systemctl mask rke2-agent")
    failed = cluster.bootstrap(check=False)
    assert failed.returncode == 6, failed.stdout + failed.stderr
    assert "done, without agent2:\n  agent2: rke2-agent.service is masked there" in failed.stderr
    assert "systemctl unmask rke2-agent.service" in failed.stderr
    assert "kubeconfig ..." in failed.stdout
    assert ready(cluster) == ["agent1", "agent3", "server1"]


def test_an_agent_whose_folder_takes_no_writes_the_others_get_the_change(cluster: Cluster) -> None:
    cluster.ssh("agent2", "systemctl unmask rke2-agent")
    cluster.bootstrap()
    assert ready(cluster) == ["agent1", "agent2", "agent3", "server1"]
    before = runs(cluster, "agent1", "agent2", "agent3")
    cluster.edit(r"^protect: false", "distribution: {options: {kubelet-arg: ['max-pods=100']}}\nprotect: false")
    cluster.ssh("agent1", "mount --bind /etc/rancher/rke2 /etc/rancher/rke2 && mount -o remount,bind,ro /etc/rancher/rke2")
    failed = cluster.bootstrap(check=False)
    assert failed.returncode == 6, failed.stdout + failed.stderr
    assert "done, without agent1:\n  agent1: a file system there takes no writes: /etc/rancher/rke2" in failed.stderr
    after = runs(cluster, "agent1", "agent2", "agent3")
    assert [old != new for old, new in zip(before, after, strict=True)] == [False, True, True]


def test_its_cause_gone_the_next_run_does_the_rest(cluster: Cluster) -> None:
    cluster.ssh("agent1", "umount /etc/rancher/rke2")
    cluster.bootstrap()
    assert "max-pods=100" in cluster.ssh("agent1", "cat /etc/rancher/rke2/config.yaml")
    again = cluster.bootstrap().stdout
    assert again.count("changed: nothing") == len(NAMES), again
