"""Machines that exist although the state lacks them: ours or strangers'."""

from __future__ import annotations

import pytest

from stardock.estate.machines import EstateMachine
from stardock.terraform.lost import sort_present, strays
from tests.unit.estate.test_sightings import _machine

pytestmark = pytest.mark.unit


def _vm(vm_id: int, *tags: str, node: str = "pve2") -> EstateMachine:
    return EstateMachine(vm_id=vm_id, name="x", pve_node=node, tags=frozenset(tags))


def test_a_machine_of_ours_is_adopted_where_it_is_now() -> None:
    found = sort_present("c", [_machine("server1")], {210: _vm(210, "stardock", "c", "server")})
    assert found.adopt == {"server1": "pve2/210"}
    assert found.taken == {}


@pytest.mark.parametrize("tags", [(), ("stardock",), ("c",), ("stardock", "other")])
def test_a_vm_without_both_of_our_tags_is_a_strangers(tags: tuple[str, ...]) -> None:
    found = sort_present("c", [_machine("server1")], {210: _vm(210, *tags)})
    assert found.adopt == {}
    assert set(found.taken) == {"server1"}


def test_vms_that_carry_our_tags_and_stand_in_no_file_are_told() -> None:
    present = {210: _vm(210, "stardock", "c"), 211: _vm(211, "stardock", "c"), 212: _vm(212, "stardock", "other")}
    assert [vm.vm_id for vm in strays("c", present, [_machine("server1")])] == [211]
