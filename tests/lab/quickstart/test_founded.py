"""The first issue's acceptance of a founded cluster: what its user gets, and who takes over when a load balancer dies."""

from __future__ import annotations

import json
import stat
import sys
import time
from pathlib import Path

import pytest

from tests.lab.cluster import Cluster

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]

MACHINES = ["lb1", "lb2", "server1", "server2", "server3", "agent1"]
SERVERS = ["server1", "server2", "server3"]


def test_nodes_as_kubectl_sees_them_through_the_vip(cluster: Cluster) -> None:
    assert "https://192.168.1.40:6443" in cluster.file.with_suffix(".kubeconfig").read_text()
    nodes = cluster.nodes()
    assert sorted(nodes) == ["agent1", *SERVERS]
    assert all(conditions["Ready"] == "True" for conditions in nodes.values())


def test_three_voting_members(cluster: Cluster) -> None:
    assert cluster.voters() == SERVERS


def test_kubeconfig_secrets_and_state_are_0600_and_the_state_stays_so_under_both_engines(cluster: Cluster) -> None:
    for suffix in (".kubeconfig", ".secrets.yaml", ".tfstate"):
        assert stat.S_IMODE(cluster.file.with_suffix(suffix).stat().st_mode) == 0o600, suffix


def test_no_secret_in_json_lock_facts_log_or_bundle(cluster: Cluster, tmp_path: Path) -> None:
    secrets = [
        line.split(": ")[1].strip("'\"") for line in cluster.file.with_suffix(".secrets.yaml").read_text().splitlines() if ": " in line
    ]
    assert secrets
    cluster.command("bundle", "-f", str(cluster.file), "-o", str(tmp_path / "bundle"))
    written = [cluster.file.with_suffix(suffix) for suffix in (".lock", ".facts.json", ".log", ".yaml")]
    written += [path for folder in (cluster.folder / "cdktf.out", tmp_path) for path in folder.rglob("*") if path.is_file()]
    for path in written:
        content = path.read_bytes()
        assert not [secret for secret in secrets if secret.encode() in content], path


def holder(cluster: Cluster) -> str:
    """The load balancer that has the VIP."""
    holding = [name for name in ("lb1", "lb2") if "192.168.1.40" in cluster.ssh(name, "ip -brief address show dev ens18")]
    assert len(holding) == 1
    return holding[0]


@pytest.mark.slow
def test_kill_the_load_balancer_that_holds_the_vip_and_a_prober_sees_the_api_again(cluster: Cluster) -> None:
    killed = holder(cluster)
    prober = cluster.start(sys.executable, "-m", "bench.prober", "https://192.168.1.40:6443/readyz", "15")
    time.sleep(3)
    cluster.command("lab", "kill", "-f", str(cluster.example), killed)
    output, _ = prober.communicate(timeout=60)
    seen = json.loads(output.splitlines()[-1])
    assert holder_is_other(cluster, killed)
    assert seen["answered"] > 0.5 * seen["probes"]
    assert seen["longest_outage_seconds"] < 10, "not even twice what keepalived needs with the origin's settings"
    cluster.command("lab", "start", "-f", str(cluster.example), killed)
    cluster.wait_for_ssh(killed)


def holder_is_other(cluster: Cluster, killed: str) -> bool:
    other = {"lb1": "lb2", "lb2": "lb1"}[killed]
    return "192.168.1.40" in cluster.ssh(other, "ip -brief address show dev ens18")
