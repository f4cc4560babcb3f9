"""Interfaces as they are planned: dual stack counted and kept, one default gateway, MACs, what an edit changes at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from stardock.errors import InputErrors
from stardock.model.lock import Lock
from stardock.model.machine import Interface, Ipv6, Route
from stardock.model.plan import Change
from stardock.plan.build import build
from stardock.workspace.lock import load_lock, save_lock, to_json
from tests.plans import plan_of, spec_of
from tests.unit.plan.clusters import cluster, pool

pytestmark = pytest.mark.unit


@pytest.fixture
def data() -> dict[str, Any]:
    found = cluster(["pve1"], server=["s1", "s2", "s3"], agent=["a1"])
    for role, offset in (("server", 16), ("agent", 32)):
        found["network"][role][0]["ipv6"] = {"static": {"base": "fd00:10::", "offset": offset, "gateway": "fe80::1"}}
    return found


def nic(lock: Lock, name: str, position: int = 0) -> Interface:
    return lock.machines[name].record.interfaces[position]


def ipv6(lock: Lock) -> dict[str, str | None]:
    return {name: found.ipv6.address for name in lock.machines if (found := nic(lock, name)).ipv6}


def test_ipv6_is_counted_by_base_and_offset_as_ipv4_is(data: dict[str, Any]) -> None:
    _, lock = plan_of(data)
    assert ipv6(lock) == {"s1": "fd00:10::10", "s2": "fd00:10::11", "s3": "fd00:10::12", "a1": "fd00:10::20"}
    assert nic(lock, "s1").ipv6 == Ipv6(mode="static", address="fd00:10::10", prefix=64, gateway="fe80::1")


def test_the_lock_keeps_an_ipv6_address_given_once(data: dict[str, Any]) -> None:
    _, lock = plan_of(data)
    data["network"]["server"][0]["ipv6"]["static"]["offset"] = 100
    pool(data, "server")["machines"] = ["s0", "s3", "s2", "s1"]
    plan, after = plan_of(data, lock)
    assert {name: address for name, address in ipv6(after).items() if name != "s0"} == ipv6(lock)
    assert ipv6(after)["s0"] == "fd00:10::67"
    assert plan.changes == ()


def test_a_returning_name_gets_its_ipv6_address_back(data: dict[str, Any]) -> None:
    _, lock = plan_of(data)
    pool(data, "server")["machines"] = ["s1", "s3"]
    data["remove"] = ["s2"]
    _, lock = plan_of(data, lock)
    pool(data, "server")["machines"] = ["s1", "s3", "s4", "s2"]
    data["remove"] = []
    _, lock = plan_of(data, lock)
    assert (ipv6(lock)["s2"], ipv6(lock)["s4"]) == ("fd00:10::11", "fd00:10::13")


def test_a_retired_names_ipv6_address_is_refused_to_others_until_it_is_forgotten(data: dict[str, Any]) -> None:
    _, lock = plan_of(data)
    pool(data, "server")["machines"] = ["s1", "s3", {"name": "s4", "ipv6_addresses": {"ens18": "fd00:10::11"}}]
    data["remove"] = ["s2"]
    with pytest.raises(InputErrors) as caught:
        plan_of(data, lock)
    problem = next(one for one in caught.value.problems if "fd00:10::11" in one.message)
    assert problem.message == "s4 and s2 have the same address fd00:10::11"
    assert "runner lock forget s2" in (problem.cure or "")


def test_an_explicit_ipv6_address_and_mac_that_differ_wait_for_accept(data: dict[str, Any]) -> None:
    _, lock = plan_of(data)
    mac = nic(lock, "s2").mac
    wish = {"name": "s2", "ipv6_addresses": {"ens18": "fd00:10::99"}, "macs": {"ens18": "bc-24-11-ff-ff-fe"}}
    pool(data, "server")["machines"][1] = wish
    plan, after = plan_of(data, lock)
    assert after == lock
    assert plan.changes == (
        Change(machine="s2", field="ens18.ipv6", old="fd00:10::11/64 via fe80::1", new="fd00:10::99/64 via fe80::1"),
        Change(machine="s2", field="ens18.mac", old=mac, new="BC:24:11:FF:FF:FE"),
    )
    accepted, _ = build(spec_of(data), lock, "cluster.yaml", accept={"s2"})
    own = accepted.machine("s2").interfaces[0]
    assert (own.mac, own.ipv6 and own.ipv6.address) == ("BC:24:11:FF:FF:FE", "fd00:10::99")


def test_a_given_mac_is_never_made_for_another_machine(data: dict[str, Any]) -> None:
    _, lock = plan_of(data)
    taken = nic(lock, "s1").mac
    pool(data, "agent")["machines"] = [{"name": "a1", "macs": {"ens18": taken}}]
    _, other = plan_of(data)
    assert nic(other, "a1").mac == taken
    assert nic(other, "s1").mac != taken


def test_ipv6_on_a_machine_that_exists_is_held_back_as_its_address_is(data: dict[str, Any]) -> None:
    own = data["network"]["server"][0].pop("ipv6")
    _, lock = plan_of(data)
    data["network"]["server"][0]["ipv6"] = own
    plan, after = plan_of(data, lock)
    assert after.machines["s1"] == lock.machines["s1"]
    assert plan.replacements[0] == Change(machine="s1", field="ens18.ipv6", old="none", new="fd00:10::10/64 via fe80::1")


def test_mtu_firewall_routes_dns_and_metric_of_a_machine_that_exists_follow_at_once(data: dict[str, Any]) -> None:
    _, lock = plan_of(data)
    wish = {"mtu": 1400, "firewall": True, "metric": 7, "dns": ["fd00:10::53"], "routes": [{"to": "10.9.0.0/16", "via": "10.0.0.9"}]}
    data["network"]["server"][0].update(wish)
    plan, after = plan_of(data, lock)
    own = nic(after, "s1")
    assert (own.mtu, own.firewall, own.metric, own.dns) == (1400, True, 7, ("fd00:10::53",))
    assert own.routes == (Route(to="10.9.0.0/16", via="10.0.0.9"),)
    assert (*plan.changes, *plan.replacements) == ()


def test_under_network_manager_what_its_connections_hold_waits_for_a_replacement_and_plan_lists_it(data: dict[str, Any]) -> None:
    data["image"] = {"system": "microos"}
    _, lock = plan_of(data)
    wish = {"mtu": 1400, "firewall": True, "metric": 7, "dns": ["fd00:10::53"], "routes": [{"to": "10.9.0.0/16", "via": "10.0.0.9"}]}
    data["network"]["server"][0].update(wish)
    plan, after = plan_of(data, lock)
    before, own = nic(lock, "s1"), nic(after, "s1")
    assert (own.mtu, own.routes, own.metric) == (before.mtu, before.routes, before.metric)
    assert (own.firewall, own.dns) == (True, ("fd00:10::53",)), "Proxmox, and a file that we own"
    assert [(one.field, one.old, one.new) for one in plan.replacements if one.machine == "s1"] == [
        ("ens18.mtu", "none", "1400"),
        ("ens18.routes", "none", "10.9.0.0/16 via 10.0.0.9"),
        ("ens18.metric", "none", "7"),
    ]


def test_under_network_manager_metrics_wait_together_where_one_stands_in_a_connection(data: dict[str, Any]) -> None:
    data["image"] = {"system": "microos"}
    data["network"]["server"] = [data["network"]["server"][0] | {"metric": 100}, {"name": "ens19", "metric": 200}]
    _, lock = plan_of(data)
    data["network"]["server"] = [data["network"]["server"][0] | {"metric": 200}, {"name": "ens19", "metric": 100}]
    plan, after = plan_of(data, lock)
    assert [one.metric for one in after.machines["s1"].record.interfaces] == [100, 200]
    fields = [one.field for one in plan.replacements if one.machine == "s1"]
    assert fields == ["ens18.metric", "ens19.metric"]


def test_under_network_manager_metrics_of_offered_routes_follow_at_once(data: dict[str, Any]) -> None:
    data["image"] = {"system": "microos"}
    data["network"]["agent"] = [{"metric": 100}, {"name": "ens19", "metric": 200}]
    _, lock = plan_of(data)
    data["network"]["agent"] = [{"metric": 200}, {"name": "ens19", "metric": 100}]
    plan, after = plan_of(data, lock)
    assert [one.metric for one in after.machines["a1"].record.interfaces] == [200, 100]
    assert [one for one in plan.replacements if one.machine == "a1"] == []


def test_under_network_manager_an_mtu_that_stays_keeps_the_model_that_has_it(data: dict[str, Any]) -> None:
    data["image"] = {"system": "microos"}
    data["network"]["agent"] = [{"mtu": 9000}]
    _, lock = plan_of(data)
    data["network"]["agent"] = [{"model": "e1000"}]
    plan, after = plan_of(data, lock)
    assert (nic(after, "a1").mtu, nic(after, "a1").model) == (9000, "virtio")
    assert [one.field for one in plan.replacements if one.machine == "a1"] == ["ens18.model", "ens18.mtu"]


@pytest.mark.parametrize(
    ("interfaces", "taken"),
    [
        ([{}, {}], [True, False]),
        ([{}, {"metric": 9}], [True, True]),
        ([{}, {"static": {"base": "10.5.0.0", "offset": 9, "gateway": "10.5.0.1"}}], [False, True]),
        ([{"metric": 3000}, {"static": {"base": "10.5.0.0", "offset": 9, "gateway": "10.5.0.1"}}], [True, True]),
        ([{"static": {"base": "10.5.0.0", "offset": 9}}, {}], [False, True]),
    ],
    ids=["two by DHCP", "a metric says so", "a gateway goes before DHCP", "both", "a static one without gateway"],
)
def test_several_nics_have_one_default_gateway_unless_said(data: dict[str, Any], interfaces: list[Any], taken: list[bool]) -> None:
    data["network"]["agent"] = interfaces
    plan, _ = plan_of(data)
    assert [one.default_route for one in plan.machine("a1").interfaces] == taken


def test_a_lock_written_before_these_fields_still_loads(data: dict[str, Any], tmp_path: Path) -> None:
    _, lock = plan_of(data)
    document = json.loads(to_json(lock))
    for machine in document["machines"].values():
        for one in machine["record"]["interfaces"]:
            for field in ("mtu", "firewall", "ipv6", "routes", "metric", "default_route"):
                del one[field]
    path = tmp_path / "cluster.lock"
    path.write_text(json.dumps(document))
    loaded = load_lock(path)
    assert loaded is not None
    assert (nic(loaded, "s1").ipv6, nic(loaded, "s1").default_route) == (None, True)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (('"fd00:10::11"', '"fd00:10::10"'), "s2 and s1 have the same address fd00:10::10"),
        (('"fd00:10::11"', '"10.0.0.9"'), "`10.0.0.9` is not an IPv6 address"),
        (('"address": "fd00:10::11"', '"address": null'), "its IPv6 address is not one of mode static"),
    ],
    ids=["a clash", "another family", "none"],
)
def test_a_lock_edited_into_a_wrong_ipv6_address_is_refused(
    data: dict[str, Any], tmp_path: Path, edit: tuple[str, str], message: str
) -> None:
    path = tmp_path / "cluster.lock"
    save_lock(path, plan_of(data)[1])
    text = path.read_text()
    assert edit[0] in text
    path.write_text(text.replace(*edit))
    with pytest.raises(InputErrors) as caught:
        load_lock(path)
    assert any(message in problem.message and problem.line for problem in caught.value.problems), caught.value.problems


@pytest.mark.parametrize(
    "way",
    [
        {"static": {"base": "10.0.50.9", "gateway": "10.0.50.1"}},
        {"static": {"base": "10.0.50.9"}, "ipv6": {"static": {"base": "fd00:10::", "offset": 32, "gateway": "fe80::1"}}},
        {"static": {"base": "10.0.50.9"}, "ipv6": {"slaac": True}},
        [{"static": {"base": "10.0.50.9"}}, {"static": {"base": "10.5.0.9", "gateway": "10.5.0.1"}}],
        [{"static": {"base": "10.0.50.9"}}, {}],
        {},
    ],
)
def test_a_machine_with_any_way_out_of_its_subnet_is_not_warned_of(data: dict[str, Any], way: Any) -> None:
    data["network"]["agent"] = way if isinstance(way, list) else [way]
    assert not [warning for warning in plan_of(data)[0].warnings if "no gateway" in warning]


def test_a_static_address_without_any_gateway_is_a_warning_that_says_how_to_set_one(data: dict[str, Any]) -> None:
    data["network"]["agent"] = [{"static": {"base": "10.0.50.9"}}, {"static": {"base": "10.5.0.9"}}]
    told = "a1: no gateway, so that nothing outside of its own subnet is reached; write `gateway: ADDRESS` under `static`"
    assert told in plan_of(data)[0].warnings


def test_two_interfaces_in_one_subnet_are_a_warning(data: dict[str, Any]) -> None:
    data["network"]["agent"].append({"static": {"base": "10.0.50.0", "prefix": 16}})
    plan, _ = plan_of(data)
    assert "ens18 and ens19 are both in 10.0.0.0/16: answers may leave through the other one than asked" in plan.warnings


def test_the_global_dns_list_holds_for_static_interfaces_that_name_none_each_family_where_it_is(data: dict[str, Any]) -> None:
    data["network"] |= {"dns": ["10.0.0.53", "fd00:10::53"], "search": ["home.arpa"]}
    data["network"]["server"][0] |= {"dns": ["10.0.0.54"]}
    data["network"]["agent"] += [{"static": {"base": "10.5.0.0", "offset": 9}}, {}]
    plan, _ = plan_of(data)
    assert plan.machine("s1").interfaces[0].dns == ("10.0.0.54",)
    assert [nic.dns for nic in plan.machine("a1").interfaces] == [("10.0.0.53", "fd00:10::53"), ("10.0.0.53",), ()]
    assert [nic.search for nic in plan.machine("a1").interfaces] == [("home.arpa",), ("home.arpa",), ()]


def test_the_global_dns_list_is_empty_by_default(data: dict[str, Any]) -> None:
    assert {nic.dns for machine in plan_of(data)[0].machines for nic in machine.interfaces} == {()}
