"""The shapes of answers: names as Proxmox gives them, and none else."""

from __future__ import annotations

import pytest

from stardock.estate.shapes import interfaces

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("name", ["vmbr0", "vmbr0:1", "vmbr0.5", "bond0.100:1", "enp3s0f0np0"])
def test_an_interface_may_have_every_name_that_proxmox_takes(name: str) -> None:
    assert interfaces([{"iface": name, "type": "alias"}]) == [{"iface": name, "type": "alias"}]


@pytest.mark.parametrize("name", ["a b", "$(reboot)", "vmbr0\n", "", "x" * 200])
def test_one_odd_name_costs_its_row_and_not_the_nodes_whole_network(name: str) -> None:
    assert interfaces([{"iface": name}, {"iface": "vmbr0"}]) == [{"iface": "vmbr0"}]


@pytest.mark.parametrize("told", [None, "x", {}, [None], [{}], [{"iface": 5}]])
def test_what_is_no_list_of_interfaces_is_no_answer(told: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  the type's name alone
        interfaces(told)
