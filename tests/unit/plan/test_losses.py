"""What a lost PVE node takes, what each carries, and what would better stand elsewhere."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stardock.model.parts import Ha
from stardock.model.plan import Plan
from stardock.model.settings import PveNode
from stardock.plan.views.capacity import loads
from stardock.plan.views.losses import if_lost, matrix
from stardock.plan.views.rebalance import rebalance
from tests.plans import plan_of, quickstart_plan, single_plan
from tests.unit.plan.clusters import cluster

pytestmark = pytest.mark.unit


def pinned(**hosts: str) -> Plan:
    """Servers s*, agents a*, load balancers lb*, each on a PVE node."""
    roles: dict[str, list[Any]] = {"server": [], "agent": [], "loadbalancer": []}
    for name, node in hosts.items():
        role = "loadbalancer" if name.startswith("lb") else "server" if name.startswith("s") else "agent"
        roles[role].append({"name": name, "pve_node": node})
    return plan_of(cluster(["pve1", "pve2", "pve3"], **{role: names for role, names in roles.items() if names}))[0]


def test_the_quick_start_survives_the_loss_of_each_pve_node() -> None:
    assert [(loss.api, loss.quorum, loss.vip, loss.agents_left) for loss in matrix(quickstart_plan())] == [
        (True, True, True, 0),
        (True, True, True, 1),
        (True, True, True, 1),
    ]


@pytest.mark.parametrize(
    ("hosts", "expected"),
    [
        ({"s1": "pve1", "s2": "pve1", "s3": "pve2", "lb1": "pve2", "lb2": "pve3"}, (False, False, True)),
        ({"s1": "pve1", "s2": "pve2", "lb1": "pve2"}, (False, False, True)),
        ({"s1": "pve2", "s2": "pve3", "s3": "pve2", "lb1": "pve1", "lb2": "pve1"}, (False, True, False)),
        ({"s1": "pve1", "s2": "pve2", "s3": "pve3"}, (False, True, None)),
        ({"s1": "pve2", "s2": "pve1", "s3": "pve3"}, (True, True, None)),
        ({"s1": "pve1"}, (False, False, None)),
        ({"s1": "pve2", "a1": "pve1"}, (True, True, None)),
    ],
    ids=[
        "two servers together",
        "two servers in all",
        "both load balancers",
        "founder is the entrance",
        "another server",
        "single",
        "agent",
    ],
)
def test_if_lost_tells_api_quorum_and_vip(hosts: dict[str, str], expected: tuple[bool, bool, bool | None]) -> None:
    loss = if_lost(pinned(**hosts), "pve1")
    assert (loss.api, loss.quorum, loss.vip) == expected


def test_machines_that_pve_ha_starts_elsewhere_are_told() -> None:
    plan = single_plan()
    plan = replace(plan, machines=(replace(plan.machines[0], ha=Ha()),))
    assert if_lost(plan, plan.machines[0].pve_node).restarted == (plan.machines[0].name,)


def test_capacity_tells_sums_and_per_cent_with_data_disks() -> None:
    data = cluster([], server=["s1"], agent=["a1", "a2"])
    data["proxmox"]["nodes"] = [{"name": "pve1", "memory": "16GiB", "cores": 8, "disk": "200GiB"}, {"name": "pve2", "memory": "8GiB"}]
    data["pools"][1]["data_disks"] = [{"name": "data", "size": "60GiB", "datastore": "ceph"}]
    one, two, every = loads(plan_of(data)[0])
    assert (one.memory.taken, one.memory.there, one.memory.percent, one.memory.share) == (8192, 16384, 50.0, 66.7)
    assert (one.cores.taken, one.cores.percent) == (4, 50.0)
    assert (one.disks.taken, one.disks.percent, one.datastores) == (140, 70.0, {"ceph": 60, "local-lvm": 80})
    assert (two.cores.percent, two.memory.percent, two.disks.share) == (None, 50.0, 41.7)
    assert (every.name, every.memory.taken, every.memory.there, every.cores.there) == (None, 12288, 24576, None)


def moves(plan: Plan, **may_use: list[str]) -> list[tuple[str, str, str]]:
    nodes = [node.name for node in plan.proxmox.nodes]
    found = rebalance(plan.proxmox.nodes, plan.machines, {machine.name: may_use.get(machine.name, nodes) for machine in plan.machines})
    return [(move.machine.name, move.machine.pve_node, move.to) for move in found]


def test_rebalance_parts_servers_and_leaves_what_stands_well() -> None:
    assert moves(pinned(s1="pve1", s2="pve1", s3="pve2", a1="pve1")) == [("s2", "pve1", "pve3")]
    assert moves(quickstart_plan()) == []


def test_rebalance_fills_a_new_pve_node_by_the_last_names() -> None:
    plan = pinned(s1="pve1", a1="pve1", a2="pve1", a3="pve1", a4="pve2")
    assert moves(plan) == [("a3", "pve1", "pve3")]


def test_rebalance_respects_subsets_and_room() -> None:
    plan = pinned(s1="pve1", s2="pve1", s3="pve2")
    assert moves(plan, s2=["pve1", "pve2"], s1=["pve1", "pve2"]) == []
    assert moves(plan, s3=["pve3"])[0] == ("s3", "pve2", "pve3")
    small = (PveNode(name="pve1", memory_mib=4096), PveNode(name="pve3", memory_mib=4096))
    assert moves(replace(plan, proxmox=replace(plan.proxmox, nodes=small))) == [("s3", "pve2", "pve3")]


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["s", "a", "lb"]), st.integers(1, 3)), min_size=1, max_size=9))
def test_moves_are_allowed_once_each_and_never_bring_more_together(spots: list[tuple[str, int]]) -> None:
    hosts = {f"{kind}{n}": f"pve{node}" for n, (kind, node) in enumerate(spots)} | {"s99": "pve1"}
    plan = pinned(**hosts)
    found = moves(plan)
    assert len({name for name, _, _ in found}) == len(found)
    after = hosts | {name: to for name, _, to in found}
    for kind in ("s", "lb"):
        before, now = (Counter(node for name, node in where.items() if name.startswith(kind)) for where in (hosts, after))
        assert max(now.values(), default=0) <= max(before.values(), default=0)
        assert len(now) == min(3, sum(before.values()))


def test_what_exists_already_and_a_vip_on_servers_outlive_the_first_server() -> None:
    data = cluster(["pve1", "pve2", "pve3"], server=[{"name": f"s{n}", "pve_node": f"pve{n}"} for n in (1, 2, 3)])
    data["network"].pop("vip", None)
    assert [loss.api for loss in matrix(plan_of(data)[0])] == [False, True, True]
    assert [loss.api for loss in matrix(plan_of(data | {"api": {"external": "api.home.arpa"}})[0])] == [True] * 3
    data["network"]["vip"] = "10.0.9.9"
    carried = matrix(plan_of(data | {"api": {"on_servers": "keepalived"}})[0])
    assert [(loss.api, loss.vip) for loss in carried] == [(True, True)] * 3
