"""What was observed: facts and known_hosts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from stardock.errors import InputErrors
from stardock.model.facts import Facts, Founded, MachineFacts, address_of
from stardock.model.settings import Ssh
from stardock.workspace.facts import load_facts, save_facts, save_known_hosts
from tests.plans import quickstart_plan, single_plan

pytestmark = pytest.mark.unit

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHRlc3Q"
OTHER = "ecdsa-sha2-nistp256 AAAAE2VjZHNh"
FACTS = Facts(
    cluster="single",
    machines={"server1": MachineFacts(addresses={"ens18": ("fe80::1", "10.77.0.5"), "lo": ("127.0.0.1",)}, host_keys=(KEY, OTHER))},
    founded=Founded(ca_sha256="ab" * 32, servers={"server1": (KEY,)}),
)


def test_facts_come_back_equal_and_byte_equal(tmp_path: Path) -> None:
    path = tmp_path / "cluster.facts.json"
    save_facts(path, FACTS)
    first = path.read_bytes()
    save_facts(path, load_facts(path, "single"))
    assert load_facts(path, "single") == FACTS
    assert path.read_bytes() == first


def test_without_a_file_nothing_was_observed(tmp_path: Path) -> None:
    assert load_facts(tmp_path / "none", "single") == Facts(cluster="single")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"cluster": "single", "machines": {"server1": {"host_keys": 7}}}'])
def test_damaged_facts_are_refused_with_a_cure(tmp_path: Path, text: str) -> None:
    path = tmp_path / "cluster.facts.json"
    path.write_text(text)
    with pytest.raises(InputErrors) as caught:
        load_facts(path, "single")
    assert "runner discover" in (caught.value.problems[0].cure or "")


def test_facts_of_another_cluster_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "cluster.facts.json"
    save_facts(path, FACTS)
    with pytest.raises(InputErrors) as caught:
        load_facts(path, "other")
    assert "of the cluster single, not other" in caught.value.problems[0].message


def test_a_static_address_wins_and_an_observed_one_is_ipv4_of_the_first_interface() -> None:
    assert address_of(quickstart_plan().machine("server1"), FACTS) == "192.168.1.50"
    assert address_of(single_plan().machine("server1"), FACTS) == "10.77.0.5"
    assert address_of(single_plan().machine("server1"), Facts(cluster="single")) is None


def test_known_hosts_name_address_and_machine_and_drop_machines_that_are_gone(tmp_path: Path) -> None:
    path = tmp_path / "cluster.known_hosts"
    gone = replace(FACTS, machines={**FACTS.machines, "server9": MachineFacts(host_keys=(KEY,))})
    save_known_hosts(path, single_plan(), gone)
    assert path.read_text() == f"10.77.0.5,server1 {KEY}\n10.77.0.5,server1 {OTHER}\n"


def test_known_hosts_of_another_port_are_spelled_as_ssh_looks_them_up(tmp_path: Path) -> None:
    path = tmp_path / "cluster.known_hosts"
    save_known_hosts(path, replace(single_plan(), ssh=Ssh(user="root", port=2222)), FACTS)
    assert path.read_text().splitlines()[0] == f"[10.77.0.5]:2222,[server1]:2222 {KEY}"
