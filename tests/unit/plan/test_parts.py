"""The pure parts alone: placement, identity, windows."""

from __future__ import annotations

import re

import pytest

from stardock.model.machine import Window
from stardock.plan.allocation.identity import mac_address, vm_id, vrrp_id
from stardock.plan.allocation.placement import Newcomer, place
from stardock.plan.machine.maintenance import close_starts, end, equal_starts, window_of, windows

pytestmark = pytest.mark.unit


def test_a_new_machine_goes_where_the_fewest_of_its_role_are() -> None:
    assert place([Newcomer("c", ["pve1", "pve2", "pve3"])], carrying=["pve1", "pve2", "pve1"]) == {"c": "pve3"}


def test_a_new_pve_node_is_filled_first() -> None:
    nodes = ["pve1", "pve2"]
    assert place([Newcomer(name, nodes) for name in "cde"], carrying=["pve1", "pve1"]) == {"c": "pve2", "d": "pve2", "e": "pve1"}


def test_only_allowed_pve_nodes_are_taken() -> None:
    newcomers = [Newcomer("a", ["pve2"]), Newcomer("b", ["pve2", "pve3"]), Newcomer("c", ["pve2"])]
    assert place(newcomers) == {"a": "pve2", "b": "pve3", "c": "pve2"}


def test_a_mac_is_proxmox_own_and_the_next_free_one_on_collision() -> None:
    first = mac_address("c", "server1", "ens18", ())
    second = mac_address("c", "server1", "ens18", {first})
    assert re.fullmatch(r"BC:24:11(:[0-9A-F]{2}){3}", first)
    assert int(second.replace(":", ""), 16) - int(first.replace(":", ""), 16) in (1, 1 - 2**24)
    assert len({first, mac_address("d", "server1", "ens18", ()), mac_address("c", "server1", "ens19", ())}) == 3


def test_a_vrrp_id_is_one_byte_and_not_zero_and_clusters_differ() -> None:
    numbers = {vrrp_id(f"cluster{n}") for n in range(2000)}
    assert min(numbers) == 1
    assert max(numbers) == 255


def test_taken_vm_ids_are_skipped() -> None:
    assert vm_id(210, 1, {211, 212}) == 213


def test_a_window_may_end_past_midnight() -> None:
    assert end(Window(start="23:45", duration_minutes=60)) == "00:45 +1"
    assert end(Window(start="23:00", duration_minutes=60)) == "00:00 +1"


def test_windows_are_sorted_by_their_start() -> None:
    assert [window.start for window in windows([18, 2], [30, 0], 60)] == ["02:00", "02:30", "18:00", "18:30"]


def test_there_may_be_no_window() -> None:
    assert window_of(0, ()) is None


def _starts(**starts: str) -> list[tuple[str, Window]]:
    return [(name, Window(start=start, duration_minutes=60)) for name, start in starts.items()]


def test_equal_starts_are_told_and_are_not_close_ones() -> None:
    starts = _starts(lb1="17:00", lb2="18:00", lb3="17:00")
    assert equal_starts(starts) == [("lb1", "lb3", "17:00")]
    assert close_starts(starts) == []


@pytest.mark.parametrize(
    ("starts", "minutes"),
    [({"lb1": "17:00", "lb2": "17:14"}, [14]), ({"lb1": "17:00", "lb2": "17:15"}, []), ({"lb1": "23:55", "lb2": "00:05"}, [10])],
)
def test_starts_closer_than_a_boot_are_told_across_midnight_too(starts: dict[str, str], minutes: list[int]) -> None:
    assert [distance for _, _, distance in close_starts(_starts(**starts))] == minutes


def test_one_load_balancer_has_no_neighbour() -> None:
    assert close_starts(_starts(lb1="17:00")) == []
    assert equal_starts(_starts(lb1="17:00")) == []
