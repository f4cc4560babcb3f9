"""The end of the cluster, and another one through SIGKILL of `runner bootstrap` in each stage."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

import pytest

from lab.patience import patient
from stardock.model.stages import NAMES
from tests.lab.cluster import ROOT, Cluster

pytestmark = [pytest.mark.lab, pytest.mark.one_life("quick start"), pytest.mark.timeout(900)]


@pytest.mark.proves("feature bootstrap")
def test_all_servers_down_and_the_founders_disk_emptied_bootstrap_refuses_to_found_again(cluster: Cluster) -> None:
    servers = [machine["name"] for machine in cluster.plan()["machines"] if machine["role"] == "server"]
    cluster.ssh("server1", "systemctl stop rke2-server; rm -rf /var/lib/rancher/rke2 /etc/rancher/rke2 /etc/stardock")
    for name in servers[1:]:
        cluster.kill(name)
    refused = cluster.bootstrap("--stage", "founder", "--timeout", "10", check=False)
    assert refused.returncode != 0
    assert "refused to found" in (refused.stderr + refused.stdout)
    assert not cluster.ssh("server1", "ls /var/lib/rancher/rke2/server/db/etcd/member 2>/dev/null || true").strip()


def test_demo_cdktf_destroy_deploy_bootstrap_works(cluster: Cluster) -> None:
    """Its bootstrap is that of the tests below."""
    cluster.cdktf("destroy")
    cluster.edit("serverx, ", "")
    cluster.edit("^protect: false", "remove: [serverx]\nprotect: false")
    cluster.cdktf("deploy")
    cluster.inside("runner", "discover", "-f", str(cluster.file))


#: Stages that end within a second or two.
SHORT = ("kubeconfig", "addons")


def kill_in(cluster: Cluster, stage: str, seconds: float) -> bool:
    """Takes a bootstrap up where the last one was killed, and kills it, and nothing but it, in a stage; False when it had ended before."""
    last = NAMES[max(0, NAMES.index(stage) - 1)]
    run = cluster.begin("runner", "bootstrap", "-f", str(cluster.file), "--from-stage", last)
    assert run.stdout
    for line in run.stdout:
        if line.startswith(f"{stage} ..."):
            break
    else:
        raise AssertionError(f"the stage {stage} never began")
    time.sleep(seconds)
    pid = int(cluster.file.with_suffix(".pid").read_text().split()[0])
    os.kill(pid, signal.SIGKILL)
    return run.wait(timeout=patient(60)) != 0


@pytest.mark.proves("feature bootstrap")
@pytest.mark.parametrize("stage", NAMES)
def test_sigkill_runner_bootstrap_in_each_stage(cluster: Cluster, stage: str) -> None:
    assert kill_in(cluster, stage, 0.3 if stage in SHORT else 3)


@pytest.mark.proves("feature bootstrap")
def test_run_again_one_cluster_three_voting_members(cluster: Cluster) -> None:
    cluster.bootstrap()
    assert cluster.voters() == ["server1", "server2", "server3"]
    authorities = {cluster.ssh(name, "sha256sum < /var/lib/rancher/rke2/server/tls/server-ca.crt") for name in cluster.voters()}
    assert len(authorities) == 1
    assert sorted(cluster.nodes()) == ["agent1", "server1", "server2", "server3"]


@pytest.mark.only_looks
def test_no_orphan_of_a_killed_run_is_left(cluster: Cluster) -> None:
    orphans = [
        path
        for path in Path("/proc").glob("[0-9]*/cmdline")
        if path.exists() and b"ansible-playbook" in path.read_bytes() and str(cluster.folder).encode() in path.read_bytes()
    ]
    assert orphans == []


def test_leaves_nothing_behind(cluster: Cluster) -> None:
    cluster.down()
    mounts = Path("/proc/self/mountinfo").read_text()
    assert str(cluster.folder) not in mounts
    left = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if str(cluster.folder.relative_to(ROOT)) in words and int(process.name) != os.getpid():
                left.append(words)
    assert left == []
