"""What the gate hears of servers of which nobody knows whether they are founded: whatever saved facts before it asks."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from stardock.model.facts import Facts, Founded
from stardock.model.machine import Role
from stardock.model.parts import Agent
from stardock.playbooks.founded import accepted_facts
from stardock.playbooks.subject import OfWorkspace
from stardock.terraform.allowed import allowed_in
from stardock.terraform.changes import MachineChange
from stardock.terraform.gate import judge
from stardock.workspace.facts import save_facts
from stardock.workspace.lock import save_lock
from stardock.workspace.workspace import Workspace, open_workspace
from tests.plans import PUBLIC_KEY, document
from tests.synth.running import write_cluster

pytestmark = [pytest.mark.unit, pytest.mark.proves("hostile 6", "hostile 7")]

SERVERS = ("server1", "server2", "server3")
HOST_KEY = " ".join(PUBLIC_KEY.split()[:2])


def fresh_clone(folder: Path) -> Workspace:
    """cluster.yaml and its lock."""
    where = open_workspace(write_cluster(folder, document()))
    save_lock(where.files.lock, where.lock)
    return open_workspace(where.files.spec)


def refused(where: Workspace, name: str = "server1") -> bool:
    where = open_workspace(where.files.spec)
    return bool(judge([MachineChange(name, "replace")], allowed_in(where, replace=frozenset({name}))))


def test_without_facts_no_server_goes_even_when_named(tmp_path: Path) -> None:
    where = fresh_clone(tmp_path)
    assert where.facts.unknown == SERVERS
    assert all(refused(where, name) for name in SERVERS)
    assert not refused(where, "agent1")


def test_a_bootstrap_that_accepts_host_keys_in_a_fresh_clone_makes_nothing_known(tmp_path: Path) -> None:
    where = fresh_clone(tmp_path)
    subject = OfWorkspace(where)
    subject.keep(accepted_facts(subject.about, where.facts, f"{where.plan.machine('server2').address} {HOST_KEY}\n"))
    assert subject.facts.machines["server2"].host_keys == (HOST_KEY,)
    assert where.files.facts.exists()
    assert all(refused(where, name) for name in SERVERS)


def test_a_machine_that_has_a_host_key_gets_no_other_by_accepting(tmp_path: Path) -> None:
    """With --via the file of accepted keys comes from another machine."""
    where = fresh_clone(tmp_path)
    about = OfWorkspace(where).about
    line = f"{where.plan.machine('server2').address} {HOST_KEY}\n"
    facts = accepted_facts(about, where.facts, line)
    assert accepted_facts(about, facts, line.replace("AAAAC3", "AAAAC4")) == facts


def test_of_one_machine_a_few_host_keys_are_accepted_each_once(tmp_path: Path) -> None:
    where = fresh_clone(tmp_path)
    address = where.plan.machine("server2").address
    lines = [f"{address} {HOST_KEY}\n" * 2, *(f"{address} ssh-ed25519 AAAA{number}\n" for number in range(1000))]
    keys = accepted_facts(OfWorkspace(where).about, where.facts, "".join(lines)).machines["server2"].host_keys
    assert (keys[0], len(keys), len(set(keys))) == (HOST_KEY, 4, 4)


@pytest.mark.parametrize("founded", [None, {"ca_sha256": "ab" * 32}])
def test_facts_of_an_older_stardock_that_know_of_no_founding_know_nothing(tmp_path: Path, founded: dict[str, str] | None) -> None:
    where = fresh_clone(tmp_path)
    where.files.facts.write_text(json.dumps({"cluster": where.plan.cluster, "founded": founded, "machines": {}}))
    assert open_workspace(where.files.spec).facts.unknown == (SERVERS if founded is None else ())


@pytest.mark.parametrize("role", ["agent", "loadbalancer"])
def test_whoever_founded_is_a_server_whatever_the_lock_says_since(tmp_path: Path, role: Role) -> None:
    where = fresh_clone(tmp_path)
    save_facts(where.files.facts, Facts(cluster=where.plan.cluster, founded=Founded(ca_sha256="ab" * 32, servers={"server2": (HOST_KEY,)})))
    where = open_workspace(where.files.spec)
    forged = replace(where.lock.machines["server2"], record=replace(where.lock.machines["server2"].record, role=role))
    machines = tuple(one for one in where.plan.machines if one.name != "server2")
    where = replace(
        where,
        lock=replace(where.lock, machines={**where.lock.machines, "server2": forged}),
        plan=replace(where.plan, machines=machines, removed=("server2",)),
    )
    assert judge([MachineChange("server2", "delete")], allowed_in(where))


def test_the_gate_hears_which_existing_servers_have_no_guest_agent_whatever_cluster_yaml_says_since(tmp_path: Path) -> None:
    where = fresh_clone(tmp_path)
    locked = where.lock.machines["server2"]
    without = replace(locked, record=replace(locked.record, agent=Agent(enabled=False)))
    retired = replace(where, lock=replace(where.lock, machines={**where.lock.machines, "server2": without}))
    assert allowed_in(where).mute == frozenset()
    assert allowed_in(retired).mute == {"server2"}
    (refusal,) = judge([MachineChange("server2", "delete")], allowed_in(retired))
    assert "runner bootstrap --accept-new-host-keys" in refusal.cure
