"""The first issue's acceptance of a founded cluster: what its user gets, and who takes over when a load balancer dies."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from tests.lab.cluster import Cluster
from tests.waiting import until

pytestmark = [pytest.mark.lab, pytest.mark.one_life("quick start"), pytest.mark.timeout(900)]

MACHINES = ["lb1", "lb2", "server1", "server2", "server3", "agent1"]
SERVERS = ["server1", "server2", "server3"]


@pytest.mark.proves("feature debian")
@pytest.mark.only_looks
def test_nodes_as_kubectl_sees_them_through_the_vip(cluster: Cluster) -> None:
    assert "https://192.168.1.40:6443" in cluster.file.with_suffix(".kubeconfig").read_text()
    nodes = cluster.nodes()
    assert sorted(nodes) == ["agent1", *SERVERS]
    assert all(conditions["Ready"] == "True" for conditions in nodes.values())


@pytest.mark.proves("feature bootstrap")
@pytest.mark.only_looks
def test_three_voting_members(cluster: Cluster) -> None:
    assert cluster.voters() == SERVERS


@pytest.mark.proves("feature state beside the file")
@pytest.mark.only_looks
def test_kubeconfig_secrets_and_state_are_0600_and_the_state_stays_so_under_both_engines(cluster: Cluster) -> None:
    for suffix in (".kubeconfig", ".secrets.yaml", ".tfstate"):
        assert stat.S_IMODE(cluster.file.with_suffix(suffix).stat().st_mode) == 0o600, suffix


@pytest.mark.only_looks
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


def holders(cluster: Cluster, *machines: str) -> list[str]:
    """Those of the load balancers that have the VIP."""
    return [name for name in machines if "192.168.1.40" in cluster.ssh(name, "ip -brief address show dev ens18")]


@pytest.mark.proves("feature load balancers and VIP")
@pytest.mark.slow
def test_kill_the_load_balancer_that_holds_the_vip_and_a_prober_sees_the_api_again(cluster: Cluster) -> None:
    """How long that takes is measured by `python -m bench`: no test of a busy machine could say."""
    (killed,) = holders(cluster, "lb1", "lb2")
    (other,) = {"lb1", "lb2"} - {killed}
    cluster.wait_for_api()
    cluster.kill(killed)
    until(lambda: holders(cluster, other), f"{other} to take the VIP")
    cluster.wait_for_api()
    cluster.start(killed)
