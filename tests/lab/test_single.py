"""`examples/single`: one server, no load balancer, no VIP, DHCP. Deploys and bootstraps in the lab too."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lab.cluster import Cluster, example_as

pytestmark = [pytest.mark.lab, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Up, deployed with the gate, bootstrapped."""
    cluster = Cluster("alone", example_as("alone", tmp_path_factory.mktemp("alone"), "single"))
    cluster.up()
    try:
        cluster.deploy()
        cluster.bootstrap()
        yield cluster
    finally:
        cluster.down()


def test_one_server_no_load_balancer_no_vip_deploys_and_bootstraps(cluster: Cluster) -> None:
    assert cluster.voters() == ["server1"]
    assert cluster.nodes()["server1"]["Ready"] == "True"


def test_without_a_vip_the_kubeconfig_names_the_first_server(cluster: Cluster) -> None:
    assert "https://10.77.0." in cluster.file.with_suffix(".kubeconfig").read_text()


def test_a_lone_server_never_gets_server(cluster: Cluster) -> None:
    assert "server:" not in cluster.ssh(
        "server1", "cat /etc/rancher/rke2/config.yaml /etc/rancher/rke2/config.yaml.d/* 2>/dev/null || true"
    )


def test_second_run_0_changed(cluster: Cluster) -> None:
    assert "changed: server1" not in cluster.bootstrap().stdout
