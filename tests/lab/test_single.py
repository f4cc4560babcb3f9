"""`examples/single`: one server, no load balancer, no VIP, DHCP. Deploys and bootstraps in the lab too."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lab.cluster import Cluster, example_as

pytestmark = [pytest.mark.lab, pytest.mark.timeout(600)]

#: The user's own: for all machines, and for the pool.
ADDED = """
cloud_init:
  users: [{name: ada}]
  user_data:
    write_files:
      - {path: /etc/motd, content: "hello ${x}\\n"}
      - {path: /srv/own, content: "", permissions: 0600, owner: ada}
    runcmd: [[sh, -c, "stat -c '%U %a' /srv/own >/var/lib/first-boot"]]
"""
POOL = 'machines: [server1], cloud_init: {user_data: {write_files: [{path: /etc/pool, content: "ours"}]}}'


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Up, deployed with the gate, bootstrapped."""
    source = example_as("alone", tmp_path_factory.mktemp("alone"), "single")
    source.write_text(source.read_text().replace("machines: [server1]", POOL) + ADDED)
    cluster = Cluster("alone", source)
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


def test_the_users_own_files_and_commands_are_there_from_first_boot_and_an_edit_comes_with_bootstrap(cluster: Cluster) -> None:
    assert cluster.ssh("server1", "cat /etc/motd /etc/pool") == "hello ${x}\nours"
    assert cluster.ssh("server1", "cat /var/lib/first-boot").strip() == "ada 600"
    cluster.edit("hello", "welcome")
    said = cluster.bootstrap().stdout
    assert "changed: server1" in said
    assert cluster.ssh("server1", "cat /etc/motd").strip() == "welcome ${x}"
    assert "changed: server1" not in cluster.bootstrap().stdout
