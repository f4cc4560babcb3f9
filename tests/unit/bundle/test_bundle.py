"""The bundle: complete, without secrets, the same bytes from the same inputs, and what the roles must be told."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from stardock.bundle import write_bundle
from stardock.bundle.inventory import inventory_files
from stardock.bundle.text import yaml_text
from stardock.errors import ConditionError, RefusedError
from stardock.model.facts import Facts, Founded, MachineFacts, known_hosts
from stardock.model.plan import Plan
from tests.plans import document, plan_of, quickstart_plan, single_plan

pytestmark = pytest.mark.unit

FACTS = Facts(cluster="quickstart", machines={"lb1": MachineFacts(host_keys=("ssh-ed25519 AAAAC3Nz",))})
SINGLE_FACTS = Facts(cluster="single", machines={"server1": MachineFacts(addresses={"ens18": ("10.77.0.9",)})})


def tree(directory: Path) -> dict[str, bytes]:
    return {str(path.relative_to(directory)): path.read_bytes() for path in sorted(directory.rglob("*")) if path.is_file()}


def host(plan: Plan, name: str, facts: Facts = FACTS) -> dict[str, Any]:
    return inventory_files(plan, facts)[f"host_vars/{name}.yml"]


def planned(**options: Any) -> Plan:
    data = document()
    data["distribution"]["options"] = options
    return plan_of(data)[0]


def test_same_inputs_same_bytes_wherever_it_is_written(tmp_path: Path) -> None:
    write_bundle(quickstart_plan(), FACTS, tmp_path / "one")
    write_bundle(quickstart_plan(), FACTS, tmp_path / "deep/er/two")
    assert tree(tmp_path / "one") == tree(tmp_path / "deep/er/two")


@pytest.mark.proves("feature bundle")
def test_no_absolute_path_of_this_machine_and_no_secret(tmp_path: Path) -> None:
    write_bundle(quickstart_plan(), FACTS, tmp_path / "bundle")
    content = b"\n".join(tree(tmp_path / "bundle").values())
    checkout = str(Path(__file__).parents[3]).encode()
    assert checkout not in content
    assert str(tmp_path).encode() not in content
    assert not re.search(rb"^stardock_(agent_)?token:", content, re.MULTILINE)
    assert b"PRIVATE KEY" not in content


def test_an_older_bundle_is_replaced_and_what_is_not_ours_stays(tmp_path: Path) -> None:
    write_bundle(quickstart_plan(), FACTS, tmp_path)
    (tmp_path / "secrets.yaml").write_text("mine")
    (tmp_path / "inventory/host_vars/gone.yml").write_text("---\n")
    write_bundle(quickstart_plan(), FACTS, tmp_path)
    assert (tmp_path / "secrets.yaml").read_text() == "mine"
    assert not (tmp_path / "inventory/host_vars/gone.yml").exists()


def test_a_directory_that_is_no_bundle_is_refused(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("x")
    with pytest.raises(RefusedError, match="is no bundle"):
        write_bundle(quickstart_plan(), FACTS, tmp_path)
    assert list(tmp_path.iterdir()) == [tmp_path / "precious"]


def test_ansible_reads_the_inventory_of_a_bundle_that_was_moved(tmp_path: Path) -> None:
    write_bundle(quickstart_plan(), FACTS, tmp_path / "made")
    moved = tmp_path / "moved with a space"
    shutil.move(tmp_path / "made", moved)
    command = ["ansible-playbook", "-i", "inventory", "project/site.yml", "--list-tasks"]
    shown = subprocess.run(command, cwd=moved, capture_output=True, text=True, check=False)
    assert shown.returncode == 0, shown.stderr
    assert "WARNING" not in shown.stderr
    stages = ["always", "machines", "mesh", "loadbalancers", "founder", "servers", "agents", "kubeconfig", "addons"]
    assert list(dict.fromkeys(re.findall(r"play #\d+ .*TAGS: \[(\w+)\]", shown.stdout))) == stages


def test_ssh_trusts_the_bundles_own_keys_and_nothing_else(tmp_path: Path) -> None:
    write_bundle(quickstart_plan(), FACTS, tmp_path)
    assert (tmp_path / "known_hosts").read_text() == "192.168.1.41,lb1 ssh-ed25519 AAAAC3Nz\n"
    arguments = inventory_files(quickstart_plan(), FACTS)["group_vars/all.yml"]["ansible_ssh_common_args"]
    assert "StrictHostKeyChecking={{ stardock_host_key_checking | default('yes') }}" in arguments
    assert "GlobalKnownHostsFile=/dev/null" in arguments


def test_every_load_balancer_lists_all_others_and_not_itself_with_priorities_of_their_own() -> None:
    plan = quickstart_plan()
    seen = {name: host(plan, name) for name in ("lb1", "lb2")}
    assert seen["lb1"]["keepalived_peers"] == [seen["lb2"]["keepalived_address"]] == ["192.168.1.42"]
    assert seen["lb1"]["haproxy_peers"] == [{"name": "lb2", "address": "192.168.1.42"}]
    assert seen["lb2"]["keepalived_peers"] == [seen["lb1"]["keepalived_address"]] == ["192.168.1.41"]
    assert seen["lb1"]["keepalived_priority"] > seen["lb2"]["keepalived_priority"]


def test_servers_and_agents_get_only_what_their_role_knows() -> None:
    plan = planned(**{"disable": ["rke2-coredns"], "kubelet-arg": "max-pods=50", "cni": "cilium"})
    server, agent = host(plan, "server1")["kubernetes_config"], host(plan, "agent1")["kubernetes_config"]
    assert server["disable"] == ["rke2-coredns"]
    assert server["cni"] == ["cilium"]
    assert {"disable", "cni", "tls-san", "agent-token-file", "kube-apiserver-arg"}.isdisjoint(agent)
    assert server["kubelet-arg"] == agent["kubelet-arg"] == ["max-pods=50"]
    assert agent["token-file"] == "/etc/rancher/rke2/token"


def test_the_kubernetes_node_has_the_host_name_of_its_machine() -> None:
    data = document()
    data["pools"][1]["machines"][1] = {"name": "server2", "hostname": "server2.home.arpa"}
    assert host(plan_of(data)[0], "server2")["kubernetes_config"]["node-name"] == "server2.home.arpa"


def test_the_users_lists_come_before_ours_and_their_own_authentication_file_replaces_ours() -> None:
    ours = "authentication-config=/etc/rancher/rke2/authentication.yaml"
    merged = host(planned(**{"kube-apiserver-arg": ["v=2"], "tls-san": ["api.example.org"]}), "server1")["kubernetes_config"]
    assert merged["kube-apiserver-arg"] == ["v=2", ours]
    assert merged["tls-san"] == ["api.example.org", "192.168.1.40", "192.168.1.50", "server1"]
    theirs = host(planned(**{"kube-apiserver-arg": ["authentication-config=/etc/mine.yaml"]}), "server1")["kubernetes_config"]
    assert theirs["kube-apiserver-arg"] == ["authentication-config=/etc/mine.yaml"]


def test_a_server_more_changes_no_other_servers_configuration() -> None:
    data = document()
    before, lock = plan_of(data)
    data["pools"][1]["machines"].insert(1, "server9")
    data["pools"][1]["machines"].insert(2, "server8")
    after, _ = plan_of(data, lock)
    for name in ("server1", "server2", "server3", "agent1"):
        assert host(after, name) == host(before, name)
    assert len(inventory_files(after, FACTS)["group_vars/loadbalancer.yml"]["haproxy_servers"]) == 5


def test_nobody_points_a_lone_server_anywhere() -> None:
    files = inventory_files(single_plan(), SINGLE_FACTS)
    assert files["host_vars/server1.yml"]["kubernetes_join_address"] == ""
    assert files["group_vars/all.yml"]["kubeconfig_server"] == "https://10.77.0.9:6443"
    assert "group_vars/loadbalancer.yml" not in files


def test_without_vip_machines_join_at_the_founder_and_the_founder_at_another() -> None:
    data = document()
    data["pools"] = data["pools"][1:]
    del data["network"]["vip"]
    plan = plan_of(data)[0]
    joins = {name: host(plan, name)["kubernetes_join_address"] for name in ("server1", "server2", "agent1")}
    founder, other = "https://192.168.1.50:9345", "https://192.168.1.51:9345"
    assert joins == {"server1": other, "server2": founder, "agent1": founder}


def test_a_machine_without_address_is_told_by_name() -> None:
    with pytest.raises(ConditionError, match="no address is known for server1"):
        inventory_files(single_plan(), Facts(cluster="single"))


def test_founded_is_told_to_the_playbooks() -> None:
    facts = replace(FACTS, founded=Founded(ca_sha256="ab" * 32))
    assert inventory_files(quickstart_plan(), facts)["group_vars/all.yml"]["founding_known"] == "ab" * 32


def test_a_plus_in_a_version_is_escaped_in_the_url() -> None:
    shared = inventory_files(quickstart_plan(), FACTS)["group_vars/all.yml"]
    assert "/v1.36.5%2Brke2r1/rke2.linux-amd64.tar.gz" in shared["kubernetes_url"]


@pytest.mark.parametrize(
    "text", ["{{ lookup('pipe', 'id') }}", "{% if x %}", "{# hidden #}\n", "#jinja2: variable_start_string:'[%'\n[% x %]"]
)
def test_what_a_user_wrote_is_never_a_template(text: str) -> None:
    assert "!unsafe" in yaml_text({"content": text})


def dual_stack(server: dict[str, Any], agent: dict[str, Any]) -> Plan:
    data = document()
    data["distribution"]["options"] = {"cluster-cidr": "10.42.0.0/16,fd42::/56", "service-cidr": ["10.43.0.0/16", "fd43::/112"]}
    data["network"]["server"][0]["ipv6"], data["network"]["agent"][0]["ipv6"] = server, agent
    return plan_of(data)[0]


def test_a_dual_stack_node_says_both_addresses_ipv4_first() -> None:
    static = {"base": "fd00:10::"}
    plan = dual_stack({"static": {**static, "offset": 80}}, {"static": {**static, "offset": 96}})
    server, agent = (host(plan, name)["kubernetes_config"] for name in ("server2", "agent1"))
    assert (server["node-ip"], agent["node-ip"]) == (["192.168.1.51", "fd00:10::51"], ["192.168.1.60", "fd00:10::60"])
    assert server["advertise-address"] == "192.168.1.51"
    assert server["tls-san"][-3:] == ["192.168.1.51", "fd00:10::51", "server2"]
    assert (server["cluster-cidr"], server["service-cidr"]) == (["10.42.0.0/16,fd42::/56"], ["10.43.0.0/16", "fd43::/112"])
    assert "cluster-cidr" not in agent
    assert host(plan, "server2")["ansible_host"] == "192.168.1.51"
    assert "fd00" not in str(inventory_files(plan, FACTS)["group_vars/loadbalancer.yml"])


def test_a_dual_stack_node_with_slaac_says_what_discovery_saw() -> None:
    plan = dual_stack({"slaac": True}, {"slaac": True})
    with pytest.raises(ConditionError, match="no IPv6 address is known for server1, server2, server3, agent1"):
        inventory_files(plan, FACTS)
    seen = MachineFacts(addresses={"ens18": ("192.168.1.50", "fd77::9", "2001:db8::9")})
    facts = Facts(cluster="quickstart", machines={machine.name: seen for machine in plan.machines})
    assert host(plan, "server1", facts)["kubernetes_config"]["node-ip"] == ["192.168.1.50", "2001:db8::9"]


def test_ipv6_on_machines_of_a_cluster_that_is_not_dual_stack_changes_no_node() -> None:
    data = document()
    for role in ("server", "agent"):
        data["network"][role][0]["ipv6"] = {"slaac": True}
    assert (
        inventory_files(plan_of(data)[0], FACTS)["host_vars/server1.yml"]["kubernetes_config"]
        == host(quickstart_plan(), "server1")["kubernetes_config"]
    )


@pytest.mark.proves("reality D31")
def test_a_machine_that_is_left_out_is_in_the_inventory_by_name_and_in_the_group_that_plays_pass_over() -> None:
    plan = quickstart_plan()
    whole, without = inventory_files(plan, FACTS), inventory_files(plan, FACTS, ("agent1",))
    assert whole["hosts.yml"]["all"]["children"]["silent"] == {"hosts": {}}
    assert without["hosts.yml"]["all"]["children"]["silent"] == {"hosts": {"agent1": {}}}
    assert whole.keys() - without.keys() == {"host_vars/agent1.yml"}


@pytest.mark.proves("hostile 8")
def test_no_name_of_a_machine_leads_out_of_the_bundle(tmp_path: Path) -> None:
    plan = single_plan()
    hostile = replace(plan, machines=(replace(plan.machines[0], name="../../../../x"),), founder="../../../../x")
    facts = Facts(cluster="single", machines={"../../../../x": MachineFacts(addresses={"ens18": ("10.77.0.9",)})})
    with pytest.raises(RefusedError, match="leads out of"):
        write_bundle(hostile, facts, tmp_path / "deep/er/bundle")
    assert not list(tmp_path.rglob("x.yml"))


@pytest.mark.proves("hostile 8")
def test_a_host_key_is_one_line_of_known_hosts_whatever_was_told(tmp_path: Path) -> None:
    facts = replace(
        SINGLE_FACTS, machines={"server1": MachineFacts(host_keys=("ssh-ed25519 AAAAC3Nz\n@cert-authority * ssh-rsa AAAAB3Nz",))}
    )
    (line,) = known_hosts(single_plan(), facts)
    assert line.count("\n") == 1
