"""`examples/dual-stack`: two NICs a machine, both families, routes and MTU, as the booted machines themselves tell them.

Made by the real provider and first booted by cloud-init, then rebooted, then edited: each time the same network.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.lab.cluster import Cluster, example_as

pytestmark = [pytest.mark.lab, pytest.mark.one_life("dual stack"), pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Up and deployed; discovery has waited for every address."""
    with Cluster("dual", example_as("dual", tmp_path_factory.mktemp("dual"), "dual-stack")).deployed() as cluster:
        yield cluster


def links(cluster: Cluster, machine: str) -> dict[str, dict[str, Any]]:
    return {link["ifname"]: link for link in json.loads(cluster.ssh(machine, "ip -json address"))}


def addresses(cluster: Cluster, machine: str, name: str) -> set[str]:
    found = links(cluster, machine)[name]["addr_info"]
    return {f"{one['local']}/{one['prefixlen']}" for one in found if one["scope"] == "global"}


def routes(cluster: Cluster, machine: str, family: int) -> set[tuple[str, str, str, int | None]]:
    """(to, via, interface, metric) of routes through a router."""
    found = json.loads(cluster.ssh(machine, f"ip -{family} -json route"))
    return {(one["dst"], one["gateway"], one["dev"], one.get("metric")) for one in found if "gateway" in one}


def check_server(cluster: Cluster) -> None:
    assert addresses(cluster, "server1", "ens18") == {"192.168.1.50/24", "fd00:10::50/64"}
    assert addresses(cluster, "server1", "ens19") == {"10.30.0.50/24", "fd00:30::50/64"}
    assert {name: link["mtu"] for name, link in links(cluster, "server1").items()} == {"lo": 65536, "ens18": 1500, "ens19": 9000}
    assert {(to, via, dev) for to, via, dev, _ in routes(cluster, "server1", 4)} == {
        ("default", "192.168.1.1", "ens18"),
        ("10.40.0.0/16", "10.30.0.254", "ens19"),
    }
    assert ("10.40.0.0/16", "10.30.0.254", "ens19", 50) in routes(cluster, "server1", 4)
    assert {(to, via, dev) for to, via, dev, _ in routes(cluster, "server1", 6)} == {
        ("default", "fe80::1", "ens18"),
        ("fd00:40::/48", "fd00:30::fe", "ens19"),
    }


@pytest.mark.proves("feature network of machines")
@pytest.mark.only_looks
def test_a_booted_machine_has_both_families_on_both_nics_with_routes_and_mtu(cluster: Cluster) -> None:
    cluster.ssh("server1", "cloud-init status --wait")
    check_server(cluster)


@pytest.mark.only_looks
def test_machines_reach_their_gateways_and_each_other_by_both_families(cluster: Cluster) -> None:
    facts = json.loads(cluster.file.with_suffix(".facts.json").read_text())["machines"]["agent1"]["addresses"]
    for target in ("192.168.1.1", "fd00:10::1", *facts["ens18"]):
        cluster.ssh("server1", f"ping -c 1 -W 5 {target}")


@pytest.mark.only_looks
def test_slaac_and_dhcpv6_give_addresses_and_only_the_first_nic_gives_the_default_route(cluster: Cluster) -> None:
    cluster.ssh("agent1", "cloud-init status --wait")
    assert any(address.startswith("fd77::") for address in addresses(cluster, "agent1", "ens18"))
    assert any(address.startswith("fd77:1::1") for address in addresses(cluster, "agent1", "ens19"))
    for family in (4, 6):
        assert {dev for to, _, dev, _ in routes(cluster, "agent1", family) if to == "default"} == {"ens18"}
    assert links(cluster, "agent1")["ens19"]["mtu"] == 9000


@pytest.mark.proves("feature network of machines")
@pytest.mark.only_looks
def test_name_servers_of_both_families_are_asked(cluster: Cluster) -> None:
    told = cluster.ssh("server1", "resolvectl dns ens18; resolvectl domain ens18")
    assert "192.168.1.1 fd00:10::1" in told
    assert "home.arpa" in told


@pytest.mark.only_looks
def test_the_bundle_names_both_addresses_of_each_node_of_the_dual_stack_cluster(cluster: Cluster) -> None:
    cluster.inside("runner", "bundle", "-f", str(cluster.file))
    variables = (cluster.file.parent / "cluster.bundle/inventory/host_vars/agent1.yml").read_text()
    assert "fd77::" in variables


@pytest.mark.proves("feature network of machines")
def test_after_a_reboot_the_network_is_the_same(cluster: Cluster) -> None:
    cluster.reboot("server1")
    check_server(cluster)


def test_a_route_taken_away_and_another_mtu_reach_a_machine_that_exists(cluster: Cluster) -> None:
    cluster.edit(r"^        - \{to: 10\.40\.0\.0/16.*\n", "")
    cluster.edit(r"^      mtu: 9000\n      firewall: true\n", "      mtu: 8000\n      firewall: true\n")
    cluster.deploy()
    cluster.bootstrap()
    assert not [to for to, *_ in routes(cluster, "server1", 4) if to == "10.40.0.0/16"]
    assert links(cluster, "server1")["ens19"]["mtu"] == 8000
    assert addresses(cluster, "server1", "ens19") == {"10.30.0.50/24", "fd00:30::50/64"}


@pytest.mark.only_looks
def test_that_bootstrap_made_a_dual_stack_cluster(cluster: Cluster) -> None:
    assert {name: conditions["Ready"] for name, conditions in cluster.nodes().items()} == {"server1": "True", "agent1": "True"}
    service = json.loads(cluster.kubectl("get", "service", "kubernetes", "-o", "json").stdout)["spec"]
    assert service["clusterIP"].startswith("10.43.")
    config = cluster.ssh("server1", "cat /etc/rancher/rke2/config.yaml /etc/rancher/rke2/config.yaml.d/* 2>/dev/null || true")
    assert "fd00:10::50" in config, "the node's second address"
