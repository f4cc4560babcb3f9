"""SIGKILL of `runner bootstrap` in each stage, and run again: one cluster, three voting members."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.cluster import Cluster, example_as

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]

STAGES = ("machines", "loadbalancers", "founder", "servers", "agents", "kubeconfig")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Machines that run, and nothing on them yet."""
    cluster = Cluster("killed", example_as("killed", tmp_path_factory.mktemp("killed")))
    cluster.up()
    try:
        cluster.deploy()
        yield cluster
    finally:
        cluster.down()


def kill_in(cluster: Cluster, stage: str, seconds: float) -> bool:
    """Starts a bootstrap and kills it, and nothing but it, so long after the stage began; False when it had ended before."""
    run = cluster.start("runner", "bootstrap", "-f", str(cluster.file))
    assert run.stdout
    for line in run.stdout:
        if line.startswith(f"{stage} ..."):
            break
    else:
        raise AssertionError(f"the stage {stage} never began")
    time.sleep(seconds)
    pid = int(cluster.file.with_suffix(".pid").read_text().split()[0])
    os.kill(pid, signal.SIGKILL)
    return run.wait(timeout=60) != 0


@pytest.mark.parametrize("stage", STAGES)
def test_sigkill_runner_bootstrap_in_each_stage(cluster: Cluster, stage: str) -> None:
    assert kill_in(cluster, stage, 0.3 if stage == "kubeconfig" else 3)


def test_run_again_one_cluster_three_voting_members(cluster: Cluster) -> None:
    cluster.bootstrap()
    assert cluster.voters() == ["server1", "server2", "server3"]
    authorities = {cluster.ssh(name, "sha256sum < /var/lib/rancher/rke2/server/tls/server-ca.crt") for name in cluster.voters()}
    assert len(authorities) == 1
    assert sorted(cluster.nodes()) == ["agent1", "server1", "server2", "server3"]


def test_no_orphan_of_a_killed_run_is_left(cluster: Cluster) -> None:
    orphans = [
        path
        for path in Path("/proc").glob("[0-9]*/cmdline")
        if path.exists() and b"ansible-playbook" in path.read_bytes() and str(cluster.folder).encode() in path.read_bytes()
    ]
    assert orphans == []
