"""A mesh in the inventory: who talks to whom, where nodes are known, and that no private key is there."""

from __future__ import annotations

from typing import Any

import pytest

from stardock.bundle.inventory import inventory_files
from stardock.model.facts import Facts, MachineFacts
from stardock.plan.mesh import taken_by
from tests.plans import document, plan_of
from tests.unit.plan.test_mesh import SITES, meshed

pytestmark = [pytest.mark.unit, pytest.mark.proves("feature mesh")]

KEY = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="


def inventory(data: dict[str, Any], facts: Facts | None = None) -> dict[str, Any]:
    return inventory_files(plan_of(data)[0], facts or Facts(cluster="quickstart"))


def peers(data: dict[str, Any], name: str) -> dict[str, dict[str, Any]]:
    return {peer["name"]: peer for peer in inventory(data)[f"host_vars/{name}.yml"]["mesh_peers"]}


def test_without_a_mesh_its_group_is_empty_and_nobody_is_told_of_it() -> None:
    found = inventory(document())
    assert found["hosts.yml"]["all"]["children"]["mesh"] == {"hosts": {}}
    assert not [key for name, variables in found.items() if name != "hosts.yml" for key in variables if key.startswith("mesh_")]


def test_those_of_one_site_talk_at_their_own_addresses() -> None:
    found = peers(meshed(), "server1")
    assert (found["server2"]["endpoint"], found["server2"]["keepalive"]) == ("192.168.1.51:51830", 0)
    assert found["server2"]["allowed"] == ["10.98.0.4/32"]


def test_one_behind_nat_begins_and_keeps_its_routers_memory_awake() -> None:
    found = peers(meshed(), "pi1")
    assert list(found) == ["lb1"]
    assert (found["lb1"]["endpoint"], found["lb1"]["keepalive"]) == ("home.example.org:51830", 25)
    back = peers(meshed(), "lb1")["pi1"]
    assert (back["endpoint"], back["allowed"]) == ("", ["10.98.0.7/32"])


def test_a_relay_has_the_addresses_that_it_carries_for_and_each_has_one_peer() -> None:
    found = inventory(meshed())
    for name in ("lb1", "server1", "agent1", "pi1", "pi2"):
        variables = found[f"host_vars/{name}.yml"]
        allowed = [network for peer in variables["mesh_peers"] for network in peer["allowed"]]
        others = {f"10.98.0.{n}/32" for n in range(1, 9)} - {variables["mesh_address"].replace("/24", "/32")}
        assert sorted(allowed) == sorted(others), name
        assert variables["mesh_forwards"] is (name == "lb1")
    assert len(peers(meshed(), "pi1")["lb1"]["allowed"]) == 7


def test_a_routed_site_is_reached_at_its_own_addresses() -> None:
    data = meshed([{"name": "home", "nat": False}, *SITES[1:]])
    assert peers(data, "pi1")["server1"]["endpoint"] == "192.168.1.50:51830"
    assert peers(data, "server1")["pi1"] == {"name": "pi1", "allowed": ["10.98.0.7/32"], "endpoint": "", "keepalive": 0}


def test_nodes_and_members_of_etcd_are_known_by_the_mesh_and_pods_meet_there() -> None:
    found = inventory(meshed(distribution={"name": "k3s"}))
    server, far = (found[f"host_vars/{name}.yml"]["kubernetes_config"] for name in ("server1", "pi1"))
    assert (server["node-ip"], server["advertise-address"], server["flannel-iface"]) == (["10.98.0.3"], "10.98.0.3", "stardock0")
    assert {"10.98.0.3", "192.168.1.50", "192.168.1.40"} <= set(server["tls-san"])
    assert (far["node-ip"], far["flannel-iface"]) == (["10.98.0.7"], "stardock0")
    assert "192.168.1.40" not in found["host_vars/pi1.yml"]["kubernetes_join_address"]


def test_the_virtual_address_is_for_its_own_site_and_others_join_at_a_server() -> None:
    found = inventory(meshed())
    assert found["host_vars/agent1.yml"]["kubernetes_join_address"] == "https://192.168.1.40:9345"
    assert found["host_vars/pi1.yml"]["kubernetes_join_address"] == "https://10.98.0.3:9345"
    assert found["group_vars/all.yml"]["kubeconfig_server"] == "https://192.168.1.40:6443"


def test_haproxy_leads_to_servers_by_the_mesh_and_keepalived_stays_on_its_segment() -> None:
    found = inventory(meshed())
    assert [server["address"] for server in found["group_vars/loadbalancer.yml"]["haproxy_servers"]] == [
        "10.98.0.3",
        "10.98.0.4",
        "10.98.0.5",
    ]
    assert found["host_vars/lb1.yml"]["keepalived_peers"] == ["192.168.1.42"]


@pytest.mark.parametrize(
    ("plugin", "values"),
    [
        ("canal", "calico:\n  vethuMTU: 1370"),
        ("canal", "iface: stardock0"),
        ("calico", 'interface: "^stardock0$"'),
        ("calico", "mtu: 1370"),
        ("cilium", "MTU: 1420"),
        ("flannel", "--iface=stardock0"),
    ],
)
def test_the_network_plugin_is_told_interface_and_size(plugin: str, values: str) -> None:
    files = inventory(meshed(cni={"plugin": plugin}))["host_vars/server1.yml"]["machine_files"]
    content = next(file["content"] for file in files if file["path"].endswith("stardock-cni.yaml"))
    assert values in content.replace("\n    ", "\n")


def test_cilium_keeps_node_ports_on_all_devices() -> None:
    files = inventory(meshed(cni={"plugin": "cilium"}))["host_vars/server1.yml"]["machine_files"]
    assert "devices" not in next(file["content"] for file in files if file["path"].endswith("stardock-cni.yaml"))


def test_whoever_configures_the_network_leaves_the_interface_alone() -> None:
    for name in ("lb1", "server1", "pi1"):
        files = {file["path"]: file for file in inventory(meshed())[f"host_vars/{name}.yml"]["machine_files"]}
        assert "Unmanaged=yes" in files["/etc/systemd/network/05-stardock-mesh.network"]["content"]
        assert "interface-name:stardock0" in files["/etc/NetworkManager/conf.d/90-stardock-mesh.conf"]["content"]
        assert "wireguard-tools" in inventory(meshed())[f"host_vars/{name}.yml"]["machine_packages"]


def test_keys_that_were_said_before_are_public_ones_of_members() -> None:
    facts = Facts(cluster="quickstart", mesh_keys={"pi1": KEY, "gone": KEY})
    found = inventory(meshed(), facts)["group_vars/all.yml"]
    assert found["mesh_known_keys"] == {"pi1": KEY}
    assert "private" not in str(inventory(meshed(), facts)).lower().replace("ssh_private_key_file", "").replace("private-key", "")


def test_a_network_that_a_machine_said_to_be_its_own_is_told() -> None:
    seen = {
        "server1": MachineFacts(addresses={"eth0": ("192.168.1.50", "fe80::1"), "stardock0": ("10.98.0.3",)}),
        "agent1": MachineFacts(addresses={"eth0": ("192.168.1.60",), "eth1": ("10.98.0.200",)}),
    }
    assert taken_by(plan_of(meshed())[0], Facts(cluster="quickstart", machines=seen)) == ["agent1 (eth1: 10.98.0.200)"]
    assert taken_by(plan_of(document())[0], Facts(cluster="quickstart", machines=seen)) == []


def test_what_machines_reach_through_no_proxy() -> None:
    data = meshed(proxy={"http": "http://proxy.home.arpa:3128"})
    files = inventory(data)["host_vars/server1.yml"]["machine_files"]
    assert any("10.98.0.0/24" in (file.get("content") or "") for file in files)
