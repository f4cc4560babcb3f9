"""Hosts that exist already: what is planned of them, that nothing is allocated for them, and what they must not meet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from stardock.addons import kured
from stardock.cli.host_lines import host_lines
from stardock.errors import InputErrors
from stardock.estate.sighting import addresses_of_others
from stardock.model.facts import Facts, MachineFacts, host_keys_of, known_hosts
from stardock.plan.views.contract import document as contract
from stardock.plan.views.losses import matrix
from stardock.spec.hosts import HostSystem
from stardock.spec.rules.across import broken_rules
from stardock.systems import PROFILES
from stardock.workspace.lock import to_json
from tests.plans import document, plan_of, spec_of

pytestmark = [pytest.mark.unit, pytest.mark.proves("feature hosts that exist already")]

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHRlc3RzLW9mLXN0YXJkb2NrLW5vLXByaXZhdGUta2V5IQ"


def with_hosts(*hosts: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The quick start with hosts; what they do not say themselves is a Raspberry Pi's."""
    usual = {"role": "agent", "system": "debian"}
    data = document() | more
    data["hosts"] = [{"name": f"pi{n}", "address": f"192.168.1.{200 + n}", **usual, **host} for n, host in enumerate(hosts, 1)]
    return data


def problems(data: dict[str, Any], lock: Any = None) -> list[str]:
    with pytest.raises(InputErrors) as caught:
        plan_of(data, lock)
    return [problem.message for problem in caught.value.problems]


def test_the_lock_and_the_machines_are_the_same_with_hosts_and_without() -> None:
    plain, lock = plan_of(document())
    plan, other = plan_of(with_hosts({}, {"role": "server"}))
    assert plan.machines == plain.machines
    assert to_json(other) == to_json(lock)
    assert [host.name for host in plan.hosts] == ["pi1", "pi2"]
    assert [member.name for member in plan.members_of("server")] == ["server1", "server2", "server3", "pi2"]
    assert plan.founder == "server1"


def test_servers_certificates_are_for_hosts_that_are_servers_too() -> None:
    plan, _ = plan_of(with_hosts({"role": "server", "hostname": "edge.home.arpa"}))
    assert {"192.168.1.201", "edge.home.arpa"} <= set(plan.tls_san)


def test_an_even_number_of_servers_is_told_whoever_they_are() -> None:
    assert any(warning.startswith("4 servers") for warning in plan_of(with_hosts({"role": "server"}))[0].warnings)


def test_a_way_in_and_an_address_in_the_cluster_may_be_two() -> None:
    plan, _ = plan_of(with_hosts({"address": "pi.example.org", "node_ip": "10.9.0.7", "ssh_port": 2222, "ssh_jump": "ops@b:22"}))
    (host,) = plan.hosts
    assert (host.reached_at, host.address, host.ssh_port) == ("pi.example.org", "10.9.0.7", 2222)
    assert plan.ssh.jumps["pi1"].host == "b"


def test_host_keys_of_cluster_yaml_win_over_those_that_were_accepted() -> None:
    plan, _ = plan_of(with_hosts({"host_keys": [f"{KEY} root@pi"], "ssh_port": 2222}, {}))
    facts = Facts(cluster="quickstart", machines={name: MachineFacts(host_keys=("ssh-ed25519 AAAAseen",)) for name in ("pi1", "pi2")})
    assert host_keys_of(plan.hosts[0], facts) == (KEY,)
    assert list(known_hosts(plan, facts)) == [
        f"[192.168.1.201]:2222,[pi1]:2222 {KEY}\n",
        "192.168.1.202,pi2 ssh-ed25519 AAAAseen\n",
    ]


def test_a_machine_never_gets_the_address_of_a_host() -> None:
    assert problems(with_hosts({"address": "192.168.1.60"})) == ["agent1's address 192.168.1.60 is that of the host pi1"]


def test_metallb_hands_out_no_address_of_a_host() -> None:
    pools = {"pools": [{"name": "lan", "addresses": ["192.168.1.200-192.168.1.220"]}]}
    assert problems(with_hosts({}, addons={"metallb": pools})) == [
        "192.168.1.200-192.168.1.220 of pool lan holds the address of the host pi1, 192.168.1.201"
    ]


def test_a_name_that_a_vm_of_ours_has_is_refused_until_that_is_gone() -> None:
    data = document()
    _, lock = plan_of(data)
    data = with_hosts({"name": "agent1"})
    data["pools"][2]["machines"] = []
    assert problems(data, lock) == ["agent1 exists as a machine that Stardock made (VM 220)"]


def test_files_that_are_ours_on_hosts_are_refused() -> None:
    files = [{"path": "/etc/sysctl.d/90-stardock.conf", "content": "x"}]
    found = problems(with_hosts({"cloud_init": {"user_data": {"write_files": files}}}))
    assert found == ["`/etc/sysctl.d/90-stardock.conf` is a file that Stardock writes itself on pi1"]


def test_a_part_that_is_kept_must_be_there() -> None:
    data = with_hosts({"cores": 1, "memory": "512MiB"}, kubelet={"reserve": True, "reserved_memory": "1GiB"})
    assert any("pi1 has 512MiB, keeps 1024MiB" in message for message in problems(data))


def test_the_profiles_are_those_of_cluster_yaml() -> None:
    assert tuple(PROFILES) == HostSystem.__args__  # type: ignore[attr-defined]


def test_no_profile_installs_what_updates_or_reboots_a_host() -> None:
    packages = {name for profile in PROFILES.values() for name in profile.packages}
    assert packages & {"unattended-upgrades", "qemu-guest-agent", "cloud-init"} == set()


def test_kured_leaves_hosts_alone_unless_it_is_told_otherwise() -> None:
    spared = kured.values(plan_of(with_hosts({}, {"kured": True, "taints": ["edge:NoSchedule"]}))[0])
    terms = spared["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    assert terms == [{"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "NotIn", "values": ["pi1"]}]}]
    assert {"key": "edge", "operator": "Exists", "effect": "NoSchedule"} in spared["tolerations"]
    assert "affinity" not in kured.values(plan_of(document())[0])


def test_the_plan_shows_hosts_and_json_has_them_apart_from_machines() -> None:
    plan, _ = plan_of(with_hosts({"architecture": "arm64"}, {"kured": True, "address": "pi2.lan", "node_ip": "10.9.0.7"}))
    lines = list(host_lines(plan.hosts))
    assert lines[1:] == [
        "  pi1  agent   192.168.1.201  debian, arm64",
        "  pi2  agent   10.9.0.7       debian, its processor is asked, reached at pi2.lan, kured may reboot it",
    ]
    shown = contract(plan)
    assert [host["name"] for host in shown["hosts"]] == ["pi1", "pi2"]
    assert "pi1" not in [machine["name"] for machine in shown["machines"]]
    assert contract(plan_of(document())[0])["hosts"] == []


@pytest.mark.parametrize("key", ["url", "sha256"])
def test_a_file_of_the_users_own_choice_is_for_one_processor(key: str) -> None:
    for architecture, expected in ((None, "may have another"), ("arm64", "has another"), ("amd64", "")):
        data = with_hosts({} if architecture is None else {"architecture": architecture})
        data["distribution"] |= {"url": "https://example.org/x", "sha256": "ab" * 32}
        found = [problem.message for problem in broken_rules(spec_of(data)) if f"`distribution.{key}`" in problem.message]
        assert [expected in message for message in found] == ([True] if expected else [])
        data["distribution"] |= {"url_arm64": "https://example.org/y", "sha256_arm64": "cd" * 32}
        assert not broken_rules(spec_of(data))


def test_a_vm_that_says_it_has_a_hosts_address_is_not_believed() -> None:
    plan, _ = plan_of(with_hosts({"address": "pi.lan", "node_ip": "10.9.0.7"}))
    assert {"10.9.0.7", "pi.lan"} <= addresses_of_others(plan, plan.machine("agent1"))


def test_what_a_pve_node_takes_away_leaves_hosts_as_they_are() -> None:
    plan, _ = plan_of(with_hosts({"role": "server"}, {"role": "server"}, {}))
    loss = next(one for one in matrix(plan) if one.pve_node == "pve1")
    assert (loss.servers, loss.servers_left, loss.agents, loss.agents_left) == (5, 4, 2, 1)
    assert loss.quorum


def objects(data: dict[str, Any], kind: str) -> list[Mapping[str, Any]]:
    """Those of all add-ons."""
    return [one for addon in plan_of(data)[0].addons for found in addon.files.values() for one in found if one["kind"] == kind]


def test_metallb_is_answered_for_by_hosts_in_the_machines_network_alone() -> None:
    pools = {"pools": [{"name": "lan", "addresses": ["192.168.1.230-192.168.1.239"]}]}
    (told,) = objects(with_hosts({}, {"address": "10.9.0.7"}, addons={"metallb": pools}), "L2Advertisement")
    (selector,) = told["spec"]["nodeSelectors"]
    assert selector["matchExpressions"] == [{"key": "kubernetes.io/hostname", "operator": "NotIn", "values": ["pi2"]}]
    (told,) = objects(with_hosts({}, addons={"metallb": pools}), "L2Advertisement")
    assert "nodeSelectors" not in told["spec"]


def test_kube_vip_for_services_does_not_run_on_hosts() -> None:
    data = with_hosts({}, addons={"kube_vip": {"addresses": ["192.168.1.230-192.168.1.239"]}})
    (told,) = objects(data, "DaemonSet")
    terms = told["spec"]["template"]["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert {"key": "kubernetes.io/hostname", "operator": "NotIn", "values": ["pi1"]} in terms["nodeSelectorTerms"][0]["matchExpressions"]
