"""Groups of the inventory, as Ansible reads them (parity 75 to 77)."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from stardock.bundle import write_bundle
from stardock.model.facts import Facts
from stardock.model.plan import Plan
from tests.plans import document, plan_of, quickstart_plan

pytestmark = pytest.mark.unit

EMPTY = ("additional_rke2_server", "additional_rke2_agent", "additional_loadbalancer_backup")


def read_by_ansible(plan: Plan, folder: Path) -> dict[str, list[str]]:
    """Group -> the machines that a play on it would meet, in their order."""
    write_bundle(plan, Facts(cluster=plan.cluster), folder)
    listed = subprocess.run(["ansible-inventory", "-i", "inventory", "--list"], cwd=folder, capture_output=True, text=True, check=True)
    assert not listed.stderr
    found: dict[str, Any] = json.loads(listed.stdout)

    def machines(group: str) -> list[str]:
        below = [name for child in found.get(group, {}).get("children", ()) for name in machines(child)]
        return list(dict.fromkeys([*found.get(group, {}).get("hosts", ()), *below]))

    return {group: machines(group) for group in found if group != "_meta"}


@pytest.mark.proves("feature bundle")
def test_ansible_finds_starbases_twelve_groups_beside_ours_in_declared_order(tmp_path: Path) -> None:
    found = read_by_ansible(quickstart_plan(), tmp_path)
    servers, agents, balancers = ["server1", "server2", "server3"], ["agent1"], ["lb1", "lb2"]
    assert (found["server"], found["agent"], found["loadbalancer"], found["founder"]) == (servers, agents, balancers, ["server1"])
    assert (found["rke2_server"], found["rke2_agent"]) == (servers, agents)
    assert (found["loadbalancer_master"], found["loadbalancer_backup"]) == (["lb1"], ["lb2"])
    assert found["all_rke2"] == [*servers, *agents] == [*found["all_rke2_server"], *found["all_rke2_agent"]]
    assert (found["all_loadbalancer"], found["all_loadbalancer_backup"]) == (balancers, ["lb2"])
    assert [found.get(name, []) for name in EMPTY] == [[], [], []]


def test_the_first_of_rke2_server_is_the_founder_also_where_another_server_is_declared_first(tmp_path: Path) -> None:
    data = document()
    _, lock = plan_of(data)
    data["pools"][1]["machines"].insert(0, "server0")
    plan, _ = plan_of(data, lock)
    found = read_by_ansible(plan, tmp_path)
    assert found["rke2_server"] == ["server1", "server0", "server2", "server3"]
    assert found["founder"] == ["server1"]


@pytest.mark.parametrize("by", [None, "keepalived", "kube-vip"])
def test_the_servers_that_a_play_has_carry_the_vip_are_those_that_know_it(by: str | None, tmp_path: Path) -> None:
    data = document("quickstart")
    if by:
        data["pools"] = [pool for pool in data["pools"] if pool["role"] != "loadbalancer"]
        data["api"] = {"on_servers": by}
    plan, _ = plan_of(data)
    assert read_by_ansible(plan, tmp_path).get("carrier", []) == (["server1", "server2", "server3"] if by == "keepalived" else [])
