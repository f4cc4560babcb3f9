"""Pools renamed and regrouped, founders and addresses of machines that exist: what an edit elsewhere must respect."""

from __future__ import annotations

from typing import Any

import pytest

from stardock.errors import InputErrors, Problem
from stardock.model.lock import Lock, allocation
from stardock.workspace.lock import forget
from tests.plans import plan_of
from tests.unit.plan.clusters import cluster, interface, pool

pytestmark = pytest.mark.unit


@pytest.fixture
def data() -> dict[str, Any]:
    return cluster(["pve1", "pve2"], server=["s1", "s2", "s3"], agent=["a1", "a2"], loadbalancer=["lb1", "lb2"])


def problem(data: dict[str, Any], lock: Lock) -> Problem:
    with pytest.raises(InputErrors) as caught:
        plan_of(data, lock)
    (found,) = caught.value.problems
    return found


def test_a_renamed_pool_with_interfaces_of_its_own_goes_on_counting(data: dict[str, Any]) -> None:
    pool(data, "agent")["interfaces"] = [interface(3000)]
    _, lock = plan_of(data)
    pool(data, "agent").update(name="workers", machines=["a1", "a2", "a3"])
    plan, after = plan_of(data, lock)
    assert (plan.machine("a3").address, plan.machine("a3").vm_id) == ("10.0.11.186", 3002)
    assert all(allocation(after.machines[name]) == allocation(lock.machines[name]) for name in lock.machines)
    pool(data, "agent")["machines"].append("a4")
    assert plan_of(data, after)[0].machine("a4").address == "10.0.11.187"


@pytest.mark.parametrize(
    ("edit", "keys"),
    [
        (lambda data, taken: data["network"].update(vip=taken), "network.vip"),
        (lambda data, taken: data["proxmox"]["nodes"].append({"name": "pve3", "address": taken}), "proxmox.nodes[2]"),
        (lambda data, taken: data["network"]["server"][0]["static"].update(gateway=taken), "network.server[0].static.gateway"),
    ],
    ids=["VIP", "PVE node", "gateway"],
)
@pytest.mark.parametrize("agent", [{"machines": ["a2"]}, {"interfaces": [{"name": "ens18"}]}], ids=["retained", "to be DHCP"])
def test_the_address_of_a_machine_that_exists_is_nobody_elses(data: dict[str, Any], edit: Any, keys: str, agent: dict[str, Any]) -> None:
    plan, lock = plan_of(data)
    pool(data, "agent").update(agent)
    if "machines" in agent:
        data["network"]["agent"] = [interface(4000)]
    edit(data, plan.machine("a1").address)
    found = problem(data, lock)
    assert found.path == keys
    assert "a1 has 10.0.11.184" in found.message
    assert "another address" in (found.cure or "")


def test_a_new_server_never_becomes_founder_while_an_old_one_stands(data: dict[str, Any]) -> None:
    _, lock = plan_of(data)
    pool(data, "server")["machines"] = ["s0", "s2", "s3"]
    data["remove"] = ["s1"]
    assert plan_of(data, lock)[0].founder == "s2"
    pool(data, "server")["machines"] = ["s0"]
    assert plan_of(data, lock)[0].founder == "s2"


def test_a_machine_forgotten_before_it_was_destroyed_may_still_be_destroyed(data: dict[str, Any]) -> None:
    _, lock = plan_of(data)
    pool(data, "agent")["machines"] = ["a2"]
    data["remove"] = ["a1"]
    _, lock = plan_of(data, lock)
    assert plan_of(data, forget(lock, "a1"))[0].removed == ("a1",)


def test_a_vip_that_no_load_balancer_holds_is_a_warning() -> None:
    data = cluster(["pve1"], server=["s1"])
    data["network"]["vip"] = "10.0.0.2"
    plan, _ = plan_of(data)
    assert plan.endpoint is None
    assert any("no load balancer holds the VIP 10.0.0.2" in warning for warning in plan.warnings)


def test_an_address_that_a_retained_machine_has_says_what_to_write(data: dict[str, Any]) -> None:
    _, lock = plan_of(data)
    pool(data, "agent")["machines"] = ["a2", {"name": "a3", "addresses": {"ens18": "10.0.11.184"}}]
    found = problem(data, lock)
    assert "a3 and a1 have the same address" in found.message
    assert found.cure == "a1 still exists: give a3 another address"


def test_a_retained_machine_whose_pve_node_is_gone_says_remove(data: dict[str, Any]) -> None:
    data["proxmox"]["nodes"] = ["pve1", "pve2", "pve3"]
    _, lock = plan_of(data)
    pool(data, "server")["machines"] = ["s1", "s2"]
    data["proxmox"]["nodes"] = ["pve1", "pve2"]
    found = problem(data, lock)
    assert "s3 is on the PVE node pve3, which is not here" in found.message
    assert "`remove: [s3]`" in (found.cure or "")
