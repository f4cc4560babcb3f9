"""The shapes of answers: names as Proxmox gives them, and none else."""

from __future__ import annotations

import pytest

from stardock.estate.shapes import interfaces, resources

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


def test_what_is_null_is_not_there() -> None:
    assert interfaces([{"iface": "vmbr0", "active": None}]) == [{"iface": "vmbr0"}]
    for told in ({"type": None}, {"type": "qemu", "node": "pve1", "vmid": None}, {"type": "storage", "node": "pve1", "storage": None}):
        with pytest.raises(ValueError):  # noqa: PT011  the type's name alone
            resources([told])


def test_a_number_that_is_written_as_text_is_one_and_an_id_is_whole() -> None:
    (told,) = resources([{"type": "qemu", "node": "pve1", "vmid": "210", "maxmem": "1e3", "mem": "0.5"}])
    assert (told["vmid"], told["maxmem"], told["mem"]) == (210, 1000, 0.5)
    for wrong in ("210.5", 210.5, "many", "nan", [210]):
        with pytest.raises(ValueError):  # noqa: PT011  the type's name alone
            resources([{"type": "qemu", "node": "pve1", "vmid": wrong}])
