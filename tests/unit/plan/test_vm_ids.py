"""VM ids over several pools: counted on where nobody said where they start; ranges that meet are told at the pool that is new."""

from __future__ import annotations

from typing import Any

import pytest

from stardock.errors import InputErrors, Problem
from stardock.model.lock import Lock
from stardock.model.plan import Plan
from tests.plans import plan_of
from tests.unit.plan.clusters import cluster, numbered

pytestmark = [pytest.mark.unit, pytest.mark.proves("case 18-second-pool")]


@pytest.fixture
def data() -> dict[str, Any]:
    """Three servers and three agents, and nobody says where ids start."""
    made = cluster(["pve1", "pve2", "pve3"], server=["s1", "s2", "s3"], agent=["a1", "a2", "a3"])
    for pool in made["pools"]:
        del pool["vm_id_start"]
    return made


def gpu(*names: str, **more: Any) -> dict[str, Any]:
    return {"name": "gpu", "role": "agent", "machines": list(names), **more}


def ids(plan: Plan) -> dict[str, int]:
    return {machine.name: machine.vm_id for machine in plan.machines}


def only(data: dict[str, Any], lock: Lock | None) -> Problem:
    with pytest.raises(InputErrors) as caught:
        plan_of(data, lock)
    (problem,) = caught.value.problems
    return problem


def test_a_second_pool_of_a_role_takes_the_next_free_ids(data: dict[str, Any]) -> None:
    before, lock = plan_of(data)
    data["pools"].append(gpu("g1", "g2"))
    for held in (lock, None):
        plan, _ = plan_of(data, held)
        assert ids(plan) == {**ids(before), "g1": 223, "g2": 224}


def test_both_pools_grow_and_no_name_gets_another_id(data: dict[str, Any]) -> None:
    data["pools"].append(gpu("g1"))
    before, lock = plan_of(data)
    data["pools"][1]["machines"] = ["a0", *data["pools"][1]["machines"], "a4"]
    data["pools"][2]["machines"] = ["g0", "g1"]
    plan, _ = plan_of(data, lock)
    assert ids(before).items() <= ids(plan).items()
    assert {name: ids(plan)[name] for name in ("a0", "a4", "g0")} == {"a0": 224, "a4": 225, "g0": 226}


def test_a_role_whose_ids_end_where_anothers_begin_goes_on_behind_it(data: dict[str, Any]) -> None:
    data["pools"][0]["machines"] = numbered("s", 12)
    found = ids(plan_of(data)[0])
    assert [found[name] for name in ("s01", "s10", "s11", "s12", "a1", "a3")] == [210, 219, 220, 221, 222, 224]


def test_a_pool_without_a_start_leaves_the_range_of_another_alone(data: dict[str, Any]) -> None:
    data["pools"].append(gpu("g1", "g2", vm_id_start=221))
    assert ids(plan_of(data)[0]) == {"s1": 210, "s2": 211, "s3": 212, "a1": 220, "a2": 223, "a3": 224, "g1": 221, "g2": 222}


@pytest.mark.parametrize("start", [219, 220, 221, 222])
def test_the_new_pool_is_told_where_it_has_room(data: dict[str, Any], start: int) -> None:
    _, lock = plan_of(data)
    data["pools"].append(gpu("g1", "g2", vm_id_start=start))
    problem = only(data, lock)
    assert problem.path == "pools[2].vm_id_start"
    first = max(start, 220)
    words = f"the VM ids of pool gpu ({start} to {start + 1}) hold {first}, which a{first - 219} of pool agents has"
    assert problem.message == words
    assert problem.cure == "start gpu at 223 or later, or delete the line: the next free ids are taken then"
    for cured in ({"vm_id_start": 223}, {"vm_id_start": None}):
        data["pools"][2] |= cured
        assert [ids(plan_of(data, lock)[0])[name] for name in ("g1", "g2")] == [223, 224]


@pytest.mark.parametrize("first", [True, False])
def test_of_two_written_ranges_the_new_pools_is_told_wherever_it_stands_in_the_file(data: dict[str, Any], first: bool) -> None:
    data["pools"][1]["vm_id_start"] = 220
    _, lock = plan_of(data)
    data["pools"].insert(0 if first else 2, gpu("g1", vm_id_start=220))
    problem = only(data, lock)
    assert problem.path == f"pools[{0 if first else 2}].vm_id_start"
    assert problem.message == "the VM ids of pool gpu (220 to 220) meet those of pool agents (220 to 222)"
    assert problem.cure == "start gpu at 223 or later, or delete the line: the next free ids are taken then"


def test_a_pool_that_exists_and_grew_into_another_is_told_that_its_machines_keep_their_ids(data: dict[str, Any]) -> None:
    data["pools"][1]["vm_id_start"] = 220
    data["pools"].append(gpu("g1", vm_id_start=223))
    _, lock = plan_of(data)
    data["pools"][1]["machines"].append("a4")
    problem = only(data, lock)
    assert problem.path == "pools[2].vm_id_start"
    assert problem.cure is not None
    assert problem.cure.endswith("; machines that exist keep their id")
