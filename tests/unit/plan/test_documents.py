"""The documents' worked examples, word for word (parity: placement, addresses, windows)."""

from __future__ import annotations

import pytest

from stardock.errors import InputErrors
from stardock.plan.machine.maintenance import end, windows
from tests.plans import document, plan_of
from tests.unit.plan.clusters import cluster, numbered

pytestmark = pytest.mark.unit


def test_placement_example_a_six_servers_three_agents_two_load_balancers_on_three_nodes() -> None:
    data = cluster(["node01", "node02", "node03"], server=numbered("server", 6), agent=numbered("agent", 3), loadbalancer=numbered("lb", 2))
    for pool, start in zip(data["pools"], (210, 220, 200), strict=True):
        pool["vm_id_start"] = start
    plan, _ = plan_of(data)
    placed = {node: {m.name for m in plan.machines if m.pve_node == node} for node in ("node01", "node02", "node03")}
    assert placed == {
        "node01": {"server01", "server04", "agent01", "lb01"},
        "node02": {"server02", "server05", "agent02", "lb02"},
        "node03": {"server03", "server06", "agent03"},
    }
    assert [m.vm_id for m in plan.of_role("server")] == [210, 211, 212, 213, 214, 215]
    assert [m.vm_id for m in plan.of_role("agent")] == [220, 221, 222]
    assert [m.vm_id for m in plan.of_role("loadbalancer")] == [200, 201]


def test_placement_example_b_follows_the_declared_order_and_not_the_alphabet() -> None:
    plan, _ = plan_of(
        cluster(
            ["storage0", "compute0", "compute1"],
            server=["control0", "control1", "control2", "control3", "control4"],
            agent=["worker0"],
            loadbalancer=["lb0", "lb1"],
        )
    )
    assert {machine.name: machine.pve_node for machine in plan.machines} == {
        "control0": "storage0",
        "control1": "compute0",
        "control2": "compute1",
        "control3": "storage0",
        "control4": "compute0",
        "worker0": "storage0",
        "lb0": "storage0",
        "lb1": "compute0",
    }


def test_eight_windows_of_two_slots_and_four_offsets() -> None:
    every = windows([17, 18], [0, 15, 30, 45], 60)
    assert [f"{window.start}-{end(window)}" for window in every] == [
        "17:00-18:00",
        "17:15-18:15",
        "17:30-18:30",
        "17:45-18:45",
        "18:00-19:00",
        "18:15-19:15",
        "18:30-19:30",
        "18:45-19:45",
    ]


def test_machines_of_a_role_take_the_windows_in_order_and_wrap() -> None:
    data = cluster(["pve1"], server=numbered("s", 9), agent=["a1"])
    data["maintenance"] = {"slots": [17, 18], "offsets": [0, 15, 30, 45], "duration": "1h"}
    plan, _ = plan_of(data)
    starts = [machine.window.start for machine in plan.of_role("server") if machine.window]
    assert starts == ["17:00", "17:15", "17:30", "17:45", "18:00", "18:15", "18:30", "18:45", "17:00"]
    assert [machine.window.start for machine in plan.of_role("agent") if machine.window] == ["17:00"]


def _ranges(gateway: str) -> dict[str, object]:
    """192.168.1.0/24 with offsets 1, 10, 20: servers, agents, load balancers."""
    data = document()
    data["network"]["vip"] = "192.168.1.100"
    for role, offset in (("server", 1), ("agent", 10), ("loadbalancer", 20)):
        data["network"][role][0]["static"] = {"base": "192.168.1.0", "offset": offset, "prefix": 24, "gateway": gateway}
    for node, address in zip(data["proxmox"]["nodes"], ("192.168.1.201", "192.168.1.202", "192.168.1.203"), strict=True):
        node["address"] = address
    return data


def test_static_ranges_are_counted_up_from_base_and_offset() -> None:
    plan, _ = plan_of(_ranges("192.168.1.254"))
    assert {machine.name: machine.address for machine in plan.machines} == {
        "server1": "192.168.1.1",
        "server2": "192.168.1.2",
        "server3": "192.168.1.3",
        "agent1": "192.168.1.10",
        "lb1": "192.168.1.20",
        "lb2": "192.168.1.21",
    }


def test_the_documents_own_example_gives_the_first_server_its_gateways_address_and_is_refused() -> None:
    with pytest.raises(InputErrors) as caught:
        plan_of(_ranges("192.168.1.1"))
    assert [problem.message for problem in caught.value.problems] == ["server1's address 192.168.1.1 is the gateway"]
    assert caught.value.problems[0].path == "network.server[0].static"


def test_mask_and_offset_have_real_defaults_24_and_0() -> None:
    data = cluster(["pve1"], server=["s1", "s2"])
    data["network"]["server"] = [{"static": {"base": "192.168.1.50"}}]
    plan, _ = plan_of(data)
    assert [(machine.address, machine.interfaces[0].prefix) for machine in plan.machines] == [("192.168.1.50", 24), ("192.168.1.51", 24)]


def test_a_first_address_is_counted_from_and_no_bits_of_it_are_cut() -> None:
    data = cluster(["pve1"], server=["s1"])
    data["network"]["server"] = [{"static": {"base": "192.168.1.50", "offset": 1}, "ipv6": {"static": {"base": "fd00::50", "offset": 1}}}]
    nic = plan_of(data)[0].machine("s1").interfaces[0]
    assert (nic.address, nic.ipv6 and nic.ipv6.address) == ("192.168.1.51", "fd00::51")


def test_the_order_of_interfaces_defines_the_nics() -> None:
    data = cluster(["pve1"], server=["s1"])
    wishes = [{"bridge": "vmbr3"}, {"bridge": "vmbr1", "model": "e1000"}, {"bridge": "vmbr2", "vlan": 7, "mtu": 1, "firewall": True}]
    data["network"]["server"] = wishes
    nics = plan_of(data)[0].machine("s1").interfaces
    assert [(nic.name, nic.bridge) for nic in nics] == [("ens18", "vmbr3"), ("ens19", "vmbr1"), ("ens20", "vmbr2")]
    assert (nics[1].model, nics[2].model, nics[2].vlan, nics[2].mtu, nics[2].firewall) == ("e1000", "virtio", 7, 1, True)
