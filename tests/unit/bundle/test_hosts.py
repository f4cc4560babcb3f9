"""Hosts that exist already, in the inventory: entered as they say, set up as machines are, never told to start anew."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stardock.bundle import write_bundle
from stardock.bundle.inventory import inventory_files
from stardock.errors import ConditionError
from stardock.model.facts import Facts, MachineFacts, host_lines
from stardock.workspace.bundles import open_bundle
from tests.plans import document, plan_of
from tests.unit.plan.test_hosts import KEY, with_hosts

pytestmark = [pytest.mark.unit, pytest.mark.proves("feature hosts that exist already")]

NOTHING = Facts(cluster="quickstart")


def inventory(data: dict[str, Any]) -> dict[str, Any]:
    return inventory_files(plan_of(data)[0], NOTHING)


def paths(variables: dict[str, Any]) -> set[str]:
    """The files that are written there."""
    return {file["path"] for file in variables["machine_files"] if file.get("state") != "absent"}


def test_without_hosts_no_byte_of_the_inventory_is_another() -> None:
    plain = inventory(document())
    assert not [key for variables in plain.values() for key in variables if key.startswith(("preflight", "kubernetes_releases"))]
    with_one = inventory(with_hosts({}))
    assert {name: with_one[name] for name in plain if name not in ("hosts.yml", "group_vars/all.yml")} == {
        name: variables for name, variables in plain.items() if name not in ("hosts.yml", "group_vars/all.yml")
    }


def test_a_host_is_in_the_group_of_its_role_and_is_entered_as_it_says() -> None:
    found = inventory(with_hosts({"address": "pi.lan", "node_ip": "10.9.0.7", "ssh_user": "pi", "ssh_port": 2222, "ssh_jump": "ops@b"}))
    groups = found["hosts.yml"]["all"]["children"]
    assert list(groups["agent"]["hosts"]) == ["agent1", "pi1"]
    assert list(groups["rke2_agent"]["hosts"]) == ["agent1", "pi1"]
    host = found["host_vars/pi1.yml"]
    assert (host["ansible_host"], host["ansible_user"], host["ansible_port"]) == ("pi.lan", "pi", 2222)
    assert "-W [%h]:%p ops@b" in host["ansible_ssh_common_args"]
    assert host["kubernetes_config"]["node-ip"] == ["10.9.0.7"]
    assert host["kubernetes_join_address"] == "https://192.168.1.40:9345"
    assert host["reachable_macs"] == []
    assert host["reachable_awaits_first_boot"] is False


def test_what_first_boot_sets_up_elsewhere_is_true_there_and_what_is_the_owners_stays() -> None:
    users = [{"name": "ann", "keys": [KEY]}]
    data = with_hosts({"cloud_init": {"packages": ["htop"]}}, cloud_init={"users": users}, journal={"max_use": "1GiB"})
    host, machine = inventory(data)["host_vars/pi1.yml"], inventory(data)["host_vars/agent1.yml"]
    written = paths(host)
    kernel = "/etc/sysctl.d/90-stardock.conf"
    same = {file["path"]: file for file in machine["machine_files"] if "content" in file}
    assert next(file for file in host["machine_files"] if file["path"] == kernel) == same[kernel]
    assert {"/etc/sudoers.d/stardock-hosts", "/home/ann/.ssh/authorized_keys", "/etc/systemd/journald.conf.d/90-stardock.conf"} <= written
    owners = ("/etc/localtime", "/etc/timezone", "/root/.ssh/authorized_keys", "/etc/systemd/network/", "/etc/systemd/system/stardock-")
    assert [path for path in written if path.startswith(owners)] == []
    assert [user["name"] for user in host["machine_users"]] == ["ann"]
    assert {"htop", "iptables", "sudo"} <= set(host["machine_packages"])
    assert host["machine_package_manager"] == "apt"


def test_whoever_enters_a_host_keeps_the_way_in() -> None:
    users = [
        {"name": "ann", "keys": [KEY], "sudo": True},
        {"name": "bob", "keys": [KEY]},
        {"name": "root", "keys": []},
        {"name": "eve", "keys": []},
    ]
    host = inventory(with_hosts({"ssh_user": "ann"}, cloud_init={"users": users}))["host_vars/pi1.yml"]
    keys = {user["name"]: user["keys"] for user in host["machine_users"]}
    assert keys == {"bob": [KEY], "eve": []}, "the keys of root and of whoever enters are their owner's"
    files = [file["path"] for file in host["machine_files"] if "authorized_keys" in file["path"]]
    assert files == ["/home/bob/.ssh/authorized_keys"], "nobody loses a file of keys for want of any in cluster.yaml"
    assert any("ann ALL=" in file.get("content", "") for file in host["machine_files"]), "its sudo may have come from here"
    assert (host["machine_keeps_accounts"], host["machine_sudoers"]) == (True, "/dev/null")
    assert host["machine_spared"] == ["ann"]
    # files of another cluster of ours, whose machine a host may be, are neither read nor written
    assert host["machine_first_boots"] == "/dev/null"
    assert host["machine_accounts"] != "/etc/stardock/accounts"
    assert "/etc/sudoers.d/stardock" not in paths(host)


def test_updates_of_its_own_never_restart_a_host_and_bootstrap_has_no_word_for_it() -> None:
    for system in ("debian", "ubuntu", "other"):
        host = inventory(with_hosts({"system": system}))["host_vars/pi1.yml"]
        assert (host["machine_reboots_itself"], host["machine_services"]) == (False, {})
        assert host["machine_package_manager"] in ("apt", "none"), "a transactional one restarts a machine that does nothing yet"
        upgrades = [file["content"] for file in host["machine_files"] if file["path"].endswith("52stardock-upgrades")]
        assert all('Automatic-Reboot "false"' in text for text in upgrades)
        assert len(upgrades) == (system != "other")


def test_packages_of_another_system_are_its_owners() -> None:
    host = inventory(with_hosts({"system": "other"}, storage_clients=["nfs", "iscsi"]))["host_vars/pi1.yml"]
    assert (host["machine_packages"], host["machine_package_manager"], host["machine_storage_units"]) == ([], "none", [])
    host = inventory(with_hosts({}, storage_clients=["nfs", "iscsi"]))["host_vars/pi1.yml"]
    assert {"nfs-common", "open-iscsi"} <= set(host["machine_packages"])
    assert host["machine_storage_units"] == ["iscsid.service"]


def test_load_balancers_share_out_to_hosts_that_are_servers() -> None:
    found = inventory(with_hosts({"role": "server"}))["group_vars/loadbalancer.yml"]["haproxy_servers"]
    assert found[-1] == {"name": "pi1", "address": "192.168.1.201"}


def test_load_balancers_that_find_servers_by_name_find_hosts_by_their_address() -> None:
    data = with_hosts({"role": "server"})
    data["api"] = {**data.get("api", {}), "haproxy": {"by_name": True}}
    found = inventory(data)["group_vars/loadbalancer.yml"]["haproxy_servers"]
    assert (found[0]["address"], found[-1]["address"]) == ("server1", "192.168.1.201")


def test_hosts_do_not_carry_the_virtual_address() -> None:
    data = with_hosts({"role": "server"}, api={"on_servers": "keepalived"})
    data["pools"] = data["pools"][1:]
    found = inventory(data)
    assert [name for name, variables in found.items() if "keepalived_vip" in variables] == [
        "host_vars/server1.yml", "host_vars/server2.yml", "host_vars/server3.yml",
    ]  # fmt: skip
    assert found["host_vars/server2.yml"]["keepalived_peers"] == ["192.168.1.50", "192.168.1.52"]


def test_no_proxy_has_an_address_that_is_in_no_network_of_machines() -> None:
    data = with_hosts({"address": "10.9.0.7"}, {}, proxy={"http": "http://p:3128", "https": "http://p:3128"})
    files = inventory(data)["host_vars/agent1.yml"]["machine_files"]
    environment = next(file["content"] for file in files if file["path"] == "/etc/default/rke2-agent")
    assert "10.9.0.7" in environment
    assert "192.168.1.202" not in environment


def test_pods_meet_by_the_interface_that_the_host_names() -> None:
    data = with_hosts({"interface": "eth0"}, {})
    data["distribution"] = {"name": "k3s"}
    found = inventory(data)
    assert found["host_vars/pi1.yml"]["kubernetes_config"]["flannel-iface"] == "eth0"
    assert "flannel-iface" not in found["host_vars/pi2.yml"]["kubernetes_config"]


@pytest.mark.parametrize(("name", "archive"), [("rke2", "rke2.linux-arm64.tar.gz"), ("k3s", "k3s-arm64")])
def test_files_of_a_release_are_chosen_by_the_hosts_own_processor(name: str, archive: str) -> None:
    data = with_hosts({}, {"architecture": "arm64"})
    data["distribution"] = {"name": name}
    found = inventory(data)
    asked, told = found["host_vars/pi1.yml"], found["host_vars/pi2.yml"]
    assert list(asked["kubernetes_releases"]) == ["amd64", "arm64"]
    assert list(told["kubernetes_releases"]) == ["arm64"]
    arm = told["kubernetes_releases"]["arm64"]
    assert (arm["archive"], arm["sums"], arm["sha256"]) == (archive, "sha256sum-arm64.txt", "")
    assert arm["url"].endswith(f"/{archive}")
    assert "kubernetes_architecture" in asked["kubernetes_url"]
    assert len(found["group_vars/all.yml"]["kubernetes_every_image_archives"]) == 2


def test_sums_that_cluster_yaml_pins_are_by_processor() -> None:
    data = with_hosts({})
    data["distribution"] |= {"sha256": "ab" * 32, "sha256_arm64": "cd" * 32}
    releases = inventory(data)["host_vars/pi1.yml"]["kubernetes_releases"]
    assert [releases[name]["sha256"] for name in ("amd64", "arm64")] == ["ab" * 32, "cd" * 32]


def test_a_host_is_looked_at_before_anything_is_written_there() -> None:
    wanted = inventory(with_hosts({"memory": "8GiB", "cores": 4}, {"role": "server"}, cni={"encryption": "wireguard"}))
    agent, server = (wanted[f"host_vars/pi{n}.yml"]["preflight_wanted"] for n in (1, 2))
    assert (agent["memory_mib"], agent["cores"], server["memory_mib"]) == (8192, 4, 4096)
    assert {one["port"] for one in agent["ports"]} >= {10250, 51820}
    assert {2379, 2380, 9345} <= {one["port"] for one in server["ports"]} - {one["port"] for one in agent["ports"]}
    assert ["wireguard"] in agent["modules"]
    assert agent["ids"] == ["debian", "raspbian"]
    plain = inventory(with_hosts({}))["host_vars/pi1.yml"]["preflight_wanted"]
    assert {"port": 8472, "protocol": "udp", "what": "the network of pods (canal)"} in plain["ports"]
    without = inventory(with_hosts({}, cni={"plugin": "none"}))["host_vars/pi1.yml"]["preflight_wanted"]
    assert not [one for one in without["ports"] if one["protocol"] == "udp"]


def test_an_agent_of_rke2_has_the_api_on_its_loopback_and_one_of_k3s_has_not() -> None:
    data = with_hosts({})
    agent = inventory(data)["host_vars/pi1.yml"]["preflight_wanted"]
    assert 6443 in {one["port"] for one in agent["ports"]}
    data["distribution"] = {"name": "k3s"}
    agent = inventory(data)["host_vars/pi1.yml"]["preflight_wanted"]
    assert 6443 not in {one["port"] for one in agent["ports"]}


def test_a_dual_stack_host_has_both_addresses() -> None:
    data = document("dual-stack")
    data["hosts"] = [{"name": "pi1", "role": "agent", "address": "10.99.0.7", "node_ipv6": "fd00:99::7", "system": "debian"}]
    plan, _ = plan_of(data)
    try:
        found = inventory_files(
            plan, Facts(cluster=plan.cluster), [machine.name for machine in plan.machines if machine.name != plan.founder]
        )
    except ConditionError:
        pytest.fail("a host's addresses are never asked for")
    assert found["host_vars/pi1.yml"]["kubernetes_config"]["node-ip"] == ["10.99.0.7", "fd00:99::7"]


def test_a_bundle_knows_its_hosts_when_no_cluster_yaml_is_there(tmp_path: Path) -> None:
    plan, _ = plan_of(with_hosts({}, {"address": "pi.lan", "node_ip": "10.9.0.7", "ssh_port": 2222, "host_keys": [KEY]}))
    facts = Facts(cluster="quickstart", machines={"pi1": MachineFacts(host_keys=("ssh-ed25519 AAAAseen",))})
    write_bundle(plan, facts, tmp_path / "b")
    bundle = open_bundle(tmp_path / "b")
    assert [(one.name, one.exists, one.mute, one.address) for one in bundle.about.machines[-2:]] == [
        ("pi1", True, True, "192.168.1.201"),
        ("pi2", True, True, "pi.lan"),
    ]
    assert "".join(host_lines(bundle.about.sshds, bundle.facts)) == (tmp_path / "b/known_hosts").read_text()
    assert (tmp_path / "b/known_hosts").read_text().splitlines() == [
        "192.168.1.201,pi1 ssh-ed25519 AAAAseen",
        f"[pi.lan]:2222,[pi2]:2222 {KEY}",
    ]


def test_cgroup_v1_is_the_kubelets_to_take() -> None:
    def takes(**more: Any) -> bool:
        data = with_hosts({"cloud_init": {"user_data": {"write_files": more["files"]}}} if "files" in more else {})
        data["distribution"]["version"] = more.get("version", "v1.36.5+rke2r1")
        found: bool = inventory(data)["host_vars/pi1.yml"]["preflight_wanted"]["cgroup_v1"]
        return found

    said = {
        "path": "/var/lib/rancher/rke2/agent/etc/kubelet.conf.d/10-cgroup.conf",
        "content": "kind: KubeletConfiguration\nfailCgroupV1: false\n",
    }
    in_json = said | {"content": '{"kind": "KubeletConfiguration", "failCgroupV1": false}'}
    assert [takes(), takes(version="v1.34.4+rke2r1"), takes(files=[said]), takes(files=[in_json])] == [False, True, True, True]
