"""Anti-affinity and room: what goes before the round robin, and never silently."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stardock.errors import InputErrors
from stardock.model.plan import Plan
from stardock.plan.allocation.placement import Newcomer, Room, place
from tests.plans import plan_of
from tests.unit.plan.clusters import cluster, numbered, pool

pytestmark = pytest.mark.unit


def placed(plan: Plan) -> dict[str, str]:
    return {machine.name: machine.pve_node for machine in plan.machines}


def on(data: dict[str, Any], **memory: str) -> dict[str, Any]:
    """PVE nodes with memory, in declared order."""
    data["proxmox"]["nodes"] = [{"name": name, "memory": size} if size else {"name": name} for name, size in memory.items()]
    return data


@pytest.mark.proves("feature placement")
def test_two_servers_never_share_a_pve_node_while_a_free_allowed_one_exists() -> None:
    data = cluster(["pve1", "pve2"], server=["s1"])
    data["pools"].append({"name": "pinned", "role": "server", "machines": ["s2"], "nodes": ["pve1"], "vm_id_start": 2000})
    plan, _ = plan_of(data)
    assert placed(plan) == {"s1": "pve2", "s2": "pve1"}
    assert not any("share" in warning for warning in plan.warnings)


def test_agents_go_round_robin_even_where_apart_would_make_one_give_way() -> None:
    data = cluster(["pve1", "pve2"], server=["s1"], agent=["a1"])
    data["pools"].append({"name": "pinned", "role": "agent", "machines": ["a2"], "nodes": ["pve1"], "vm_id_start": 9000})
    assert placed(plan_of(data)[0]) == {"s1": "pve1", "a1": "pve1", "a2": "pve1"}


def test_machines_that_stand_never_give_way() -> None:
    data = cluster(["pve1", "pve2"], server=["s1"])
    _, lock = plan_of(data)
    data["pools"].append({"name": "pinned", "role": "server", "machines": ["s2"], "nodes": ["pve1"], "vm_id_start": 2000})
    plan, _ = plan_of(data, lock)
    assert placed(plan) == {"s1": "pve1", "s2": "pve1"}
    (warning,) = [one for one in plan.warnings if "share" in one]
    assert warning == (
        "servers share a PVE node: pve1 carries s1 and s2; the loss of pve1 takes etcd's quorum; `runner rebalance` says how to part them"
    )


def test_too_few_pve_nodes_for_servers_and_load_balancers_are_warned_of() -> None:
    plan, _ = plan_of(cluster(["pve1", "pve2"], server=["s1", "s2", "s3"], loadbalancer=["lb1", "lb2", "lb3"]))
    few = "there are too few PVE nodes that they may use and that have room"
    assert [warning for warning in plan.warnings if "share" in warning] == [
        f"load balancers share a PVE node: pve1 carries lb1 and lb3; {few}",
        f"servers share a PVE node: pve1 carries s1 and s3; the loss of pve1 takes etcd's quorum; {few}",
    ]


def test_who_is_pinned_or_has_room_nowhere_else_is_not_said_to_be_parted_by_rebalance() -> None:
    pinned = [{"name": "s1", "pve_node": "pve1"}, {"name": "s2", "pve_node": "pve1"}]
    full = on(cluster([], server=["s1", "s2"]), pve1="8GiB", pve2="2GiB")
    for data in (cluster(["pve1", "pve2"], server=pinned), full):
        assert any("too few PVE nodes that they may use and that have room" in warning for warning in plan_of(data)[0].warnings)


def test_subset_of_a_machine_goes_before_its_pools() -> None:
    data = cluster(["pve1", "pve2", "pve3"], agent=["a1", {"name": "a2", "nodes": ["pve3"]}], server=["s1"])
    pool(data, "agent")["nodes"] = ["pve1", "pve2"]
    assert placed(plan_of(data)[0]) | {"s1": ""} == {"a1": "pve1", "a2": "pve3", "s1": ""}


def test_a_pve_node_without_room_is_passed_over() -> None:
    data = on(cluster([], server=["s1", "s2"], agent=["a1", "a2", "a3"]), pve1="8GiB", pve2="", pve3="4GiB")
    plan, _ = plan_of(data)
    assert placed(plan) == {"s1": "pve1", "s2": "pve2", "a1": "pve1", "a2": "pve2", "a3": "pve3"}


def test_a_machine_that_fits_nowhere_is_refused_with_both_numbers() -> None:
    data = on(cluster([], server=["s1"], agent=["a1"]), pve1="6GiB")
    with pytest.raises(InputErrors) as caught:
        plan_of(data)
    (problem,) = caught.value.problems
    assert problem.message == "no room for s1, a1: pve1 would carry 8GiB of machines and has 6GiB"
    assert problem.path == "pools[1].machines[0]"


def test_machines_that_stand_may_outgrow_their_pve_node_with_a_warning() -> None:
    data = on(cluster([], server=["s1"], agent=["a1"]), pve1="8GiB")
    _, lock = plan_of(data)
    pool(data, "agent")["memory"] = "6GiB"
    plan, _ = plan_of(data, lock)
    assert plan.machine("a1").memory_mib == 6144
    assert "pve1 carries 10GiB of machines and has 8GiB; `runner rebalance` proposes moves" in plan.warnings


def test_a_machine_on_a_pve_node_that_its_pool_no_longer_names_stays_with_a_warning() -> None:
    data = cluster(["pve1", "pve2"], server=["s1"])
    _, lock = plan_of(data)
    pool(data, "server")["nodes"] = ["pve2"]
    plan, after = plan_of(data, lock)
    assert after == lock
    assert any("on pve1, which their `nodes` do not name: s1;" in warning for warning in plan.warnings)


def test_an_explicit_pve_node_that_waits_for_accept_is_taken_at_both_ends() -> None:
    data = cluster(["pve1", "pve2", "pve3"], server=["s1"])
    _, lock = plan_of(data)
    pool(data, "server")["machines"] = [{"name": "s1", "pve_node": "pve2"}, "s2"]
    assert placed(plan_of(data, lock)[0]) == {"s1": "pve1", "s2": "pve3"}


NODES = ["n1", "n2", "n3", "n4"]
CHOICES = st.lists(st.sampled_from(NODES), min_size=1, unique=True).map(lambda chosen: [node for node in NODES if node in chosen])


@settings(max_examples=150, deadline=None)
@given(st.lists(CHOICES, max_size=5), st.lists(st.sampled_from(NODES), max_size=3))
def test_as_many_as_possible_stand_alone_whatever_each_may_use(choices: list[list[str]], held: list[str]) -> None:
    newcomers = [Newcomer(f"s{n}", allowed) for n, allowed in enumerate(choices)]
    result = place(newcomers, held, apart=True)
    assert all(result[one.name] in one.allowed for one in newcomers)
    best = max((len(set(combination) - set(held)) for combination in itertools.product(*choices)), default=0)
    assert len(set(result.values()) - set(held)) == best
    counts = Counter([*held, *result.values()])
    assert not [one for one in newcomers if counts[result[one.name]] > 1 and any(not counts[node] for node in one.allowed)]


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 9), st.lists(st.sampled_from(NODES), max_size=6))
def test_where_everyone_may_go_everywhere_apart_is_the_round_robin(count: int, held: list[str]) -> None:
    newcomers = [Newcomer(f"s{n}", NODES) for n in range(count)]
    assert place(newcomers, held, apart=True) == place(newcomers, held)


@settings(max_examples=100, deadline=None)
@given(CHOICES, st.integers(1, 6), st.dictionaries(st.sampled_from(NODES), st.integers(0, 8)), st.booleans())
def test_a_machine_gets_room_where_there_is_any(allowed: list[str], memory: int, left: dict[str, int], apart: bool) -> None:
    fitting = [node for node in allowed if left.get(node, memory) >= memory]
    assert place([Newcomer("m", allowed, memory)], room=Room(dict(left)), apart=apart) == {"m": (fitting or allowed)[0]}


def test_a_thousand_servers_are_placed_without_searching_the_same_pve_nodes_again() -> None:
    class Counting(Room):
        asked = 0

        def fits(self, node: str, memory: int) -> bool:
            Counting.asked += 1
            return super().fits(node, memory)

    nodes = numbered("n", 50)
    newcomers = [Newcomer(f"s{n}", nodes[: 1 + n % 50]) for n in range(1000)]
    assert set(place(newcomers, room=Counting(), apart=True).values()) == set(nodes)
    assert Counting.asked < 2 * 1000 * 50
