"""A mesh: who is where, who carries packets for whom, and addresses that a name keeps."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from stardock.cli.mesh_lines import mesh_lines
from stardock.errors import InputErrors
from stardock.model.facts import Facts, Founded
from stardock.model.lock import Lock, gains
from stardock.model.mesh import Endpoint, relay_of
from stardock.model.plan import Plan
from stardock.plan.mesh import founded_mesh_problem, founded_port_problem
from stardock.plan.views.contract import document as contract
from stardock.workspace.lock import forget, load_lock, save_lock, to_json
from tests.plans import document, plan_of, spec_of

pytestmark = [pytest.mark.unit, pytest.mark.proves("feature mesh")]

#: A reached site, and two behind NAT.
SITES = [{"name": "home", "endpoints": {"lb1": "home.example.org:51830"}}, {"name": "shed"}, {"name": "boat"}]


def meshed(sites: Any = SITES, network: str = "10.98.0.0/24", **more: Any) -> dict[str, Any]:
    """The quick start at home, a host in the shed and one on the boat."""
    data = document() | {"mesh": {"network": network, "sites": sites}} | more
    data["pools"] = [{**pool, "site": "home"} for pool in data["pools"]]
    hosts = [("pi1", "192.168.7.5", "shed"), ("pi2", "192.168.8.5", "boat")]
    data.setdefault("hosts", [{"name": n, "address": a, "site": s, "role": "agent", "system": "debian"} for n, a, s in hosts])
    return data


def planned(data: Mapping[str, Any], lock: Lock | None = None) -> tuple[Plan, Lock]:
    return plan_of(dict(data), lock)


def test_nothing_is_otherwise_without_a_mesh() -> None:
    plan, lock = planned(document())
    assert plan.mesh is None
    assert '"mesh"' not in to_json(lock)
    assert contract(plan)["mesh"] is None


def test_everybody_has_an_address_which_the_lock_keeps() -> None:
    plan, lock = planned(meshed())
    assert plan.mesh is not None
    names = [member.name for member in plan.members]
    assert [place.address for place in plan.mesh.places.values()] == [f"10.98.0.{n}" for n in range(1, 9)]
    assert list(plan.mesh.places) == names
    assert dict(lock.mesh) == {name: place.address for name, place in plan.mesh.places.items()}
    assert plan.mesh.places["lb1"].endpoint == Endpoint(host="home.example.org", port=51830)
    assert "10.98.0.3" in plan.tls_san


def test_the_lock_is_of_a_version_that_knows_a_mesh_and_is_read_again(tmp_path: Path) -> None:
    _, lock = planned(meshed())
    save_lock(tmp_path / "x.lock", lock)
    assert json.loads((tmp_path / "x.lock").read_text())["version"] == 8
    assert load_lock(tmp_path / "x.lock") == lock


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"lb2": "10.98.0.2"', '"lb2": "10.98.0.1"', "lb2 and lb1 have the same address 10.98.0.1 in the mesh"),
        ('"lb2": "10.98.0.2"', '"lb2": "10.98.0.2; id"', "is not an IPv4 address"),
        ('"lb2": "10.98.0.2"', '"../lb2": "10.98.0.2"', "is not a name"),
        ('"boat+shed": "lb1"', '"boat+shed; id": "lb1"', "is not a pair of sites"),
        ('"boat+shed": "lb1"', '"boat+shed": "../lb1"', "is not a name"),
        ('"mesh_port": 51830', '"mesh_port": 70000', "70000"),
    ],
)
def test_hostile_locks_are_refused(tmp_path: Path, old: str, new: str, words: str) -> None:
    save_lock(tmp_path / "x.lock", planned(meshed())[1])
    text = (tmp_path / "x.lock").read_text()
    assert old in text
    (tmp_path / "x.lock").write_text(text.replace(old, new))
    with pytest.raises(InputErrors) as caught:
        load_lock(tmp_path / "x.lock")
    assert words in caught.value.problems[0].message


def test_a_name_keeps_its_address_whatever_goes_or_comes() -> None:
    data = meshed()
    first, lock = planned(data)
    data["hosts"] = [{**data["hosts"][0], "name": "pi0", "address": "192.168.7.6"}, data["hosts"][1]]
    second, after = planned(data, lock)
    assert first.mesh
    assert second.mesh
    assert second.mesh.places["pi2"] == first.mesh.places["pi2"]
    assert second.mesh.places["pi0"].address == "10.98.0.9"
    assert after.mesh["pi1"] == "10.98.0.7", "it may return"
    assert gains(lock, after) == ("pi0 in the mesh",)


def test_addresses_of_names_that_are_gone_are_given_last() -> None:
    data = meshed(network="10.98.0.0/28")
    _, lock = planned(data)
    lock = replace(lock, mesh={**lock.mesh, **{f"gone{n}": f"10.98.0.{n}" for n in range(9, 15)}})
    data["hosts"].append({**data["hosts"][0], "name": "pi3", "address": "192.168.7.7"})
    _, after = planned(data, lock)
    assert after.mesh["pi3"] == "10.98.0.9"
    assert "gone9" not in after.mesh


def test_what_is_forgotten_frees_its_address() -> None:
    data = meshed()
    _, lock = planned(data)
    data["pools"][-1]["machines"] = ["agent2"]
    _, lock = planned(data | {"remove": ["agent1"]}, lock)
    assert "agent1" in lock.mesh
    assert "agent1" not in forget(lock, "agent1").mesh


def test_a_network_without_an_address_that_was_given_is_refused() -> None:
    _, lock = planned(meshed())
    with pytest.raises(InputErrors) as caught:
        planned(meshed(network="10.99.0.0/24"), lock)
    assert "lb1 has 10.98.0.1 in the mesh, and 10.98.0.1 lies outside of 10.99.0.0/24" in caught.value.problems[0].message
    planned(meshed(network="10.98.0.0/16"), lock)


@pytest.mark.parametrize(("address", "words"), [("10.98.0.0", "is the network address of"), ("10.98.0.255", "is the broadcast address of")])
def test_an_address_in_the_lock_that_nobody_can_have_is_refused(address: str, words: str) -> None:
    _, lock = planned(meshed())
    with pytest.raises(InputErrors) as caught:
        planned(meshed(), replace(lock, mesh={**lock.mesh, "agent1": address}))
    found = caught.value.problems[0]
    assert found.path == "mesh.network"
    assert f"agent1 has {address} in the mesh, and {address} {words} 10.98.0.0/24" in found.message


def test_load_balancers_carry_before_servers_and_servers_before_agents() -> None:
    ends = {"agent1": "home.example.org:1", "server2": "home.example.org:2", "lb2": "home.example.org:3"}
    data = meshed([{"name": "home", "endpoints": ends}, *SITES[1:]])
    data["pools"].reverse()
    mesh = planned(data)[0].mesh
    assert mesh
    assert mesh.relays == ("lb2", "server2", "agent1")


def test_the_plan_says_that_an_agent_carries_for_others() -> None:
    words = "agent1 is an agent, and carries packets for others"
    data = meshed([{"name": "home", "endpoints": {"agent1": "home.example.org:1"}}, *SITES[1:]])
    assert any(words in line for line in mesh_lines(planned(data)[0]))
    assert not any(words in line for line in mesh_lines(planned(meshed())[0]))


def test_two_behind_nat_meet_through_one_that_is_reached() -> None:
    mesh = planned(meshed())[0].mesh
    assert mesh
    assert relay_of(mesh, "pi1", "pi2") == relay_of(mesh, "pi2", "pi1") == "lb1"
    assert relay_of(mesh, "server1", "pi1") == relay_of(mesh, "pi1", "server1") == "lb1"
    assert relay_of(mesh, "lb1", "pi1") is None
    assert relay_of(mesh, "server1", "agent1") is None, "of one site"


def test_a_relay_of_either_site_goes_before_others() -> None:
    sites = [*SITES[:2], {"name": "boat", "endpoints": {"pi3": "[2001:db8::1]:7"}}]
    data = meshed(sites)
    data["hosts"].append({**data["hosts"][1], "name": "pi3", "address": "192.168.8.6"})
    mesh = planned(data)[0].mesh
    assert mesh
    assert mesh.places["pi3"].endpoint == Endpoint(host="2001:db8::1", port=7)
    assert relay_of(mesh, "pi1", "pi2") == relay_of(mesh, "pi2", "pi1") == "pi3"
    assert relay_of(mesh, "server1", "pi1") == "lb1"


def relayed(ends: dict[str, str], lock: Lock | None = None, **more: Any) -> tuple[Plan, Lock]:
    """With these endpoints at home."""
    return planned(meshed([{"name": "home", "endpoints": ends}, *SITES[1:]], **more), lock)


def test_two_sites_keep_who_carries_between_them_whatever_else_is_reached() -> None:
    _, lock = relayed({"server2": "home.example.org:2"})
    assert dict(lock.relays) == {"boat+home": "server2", "boat+shed": "server2", "home+shed": "server2"}
    plan, after = relayed({"server2": "home.example.org:2", "lb1": "home.example.org:1"}, lock)
    assert plan.mesh
    assert plan.mesh.relays == ("lb1", "server2")
    assert relay_of(plan.mesh, "pi1", "pi2") == relay_of(plan.mesh, "pi2", "agent1") == "server2"
    assert after.relays == lock.relays
    assert contract(plan)["mesh"]["relays"] == dict(lock.relays)


def test_another_carries_only_where_who_did_is_not_reached_any_more_and_the_lock_gains_that() -> None:
    _, lock = relayed({"server2": "home.example.org:2"})
    plan, after = relayed({"lb1": "home.example.org:1"}, lock)
    assert plan.mesh
    assert set(after.relays.values()) == {"lb1"}
    assert gains(lock, after) == ("the relay of boat+home", "the relay of boat+shed", "the relay of home+shed")
    assert relayed({"lb1": "home.example.org:1", "server2": "home.example.org:2"}, after)[1].relays == after.relays


def test_sites_that_need_nobody_for_a_while_have_the_same_one_afterwards() -> None:
    _, lock = relayed({"server2": "home.example.org:2"})
    _, without = relayed({"server2": "home.example.org:2"}, lock, hosts=[])
    plan, _ = relayed({"server2": "home.example.org:2", "lb1": "home.example.org:1"}, without)
    assert plan.mesh
    assert relay_of(plan.mesh, "pi1", "pi2") == "server2"


def test_who_carries_is_chosen_anew_where_a_person_says_so() -> None:
    _, lock = relayed({"server2": "home.example.org:2"})
    plan, after = relayed({"server2": "home.example.org:2", "lb1": "home.example.org:1"}, forget(lock, "boat+shed"))
    assert plan.mesh
    assert relay_of(plan.mesh, "pi1", "pi2") == after.relays["boat+shed"] == "lb1"
    assert relay_of(plan.mesh, "server1", "pi2") == "server2"


def test_a_relay_in_the_lock_that_is_none_carries_for_nobody() -> None:
    _, lock = planned(meshed())
    plan, after = planned(meshed(), replace(lock, relays={"boat+shed": "agent1"}))
    assert plan.mesh
    assert relay_of(plan.mesh, "pi1", "pi2") == after.relays["boat+shed"] == "lb1"


def test_the_port_stays_whatever_the_default_becomes_and_once_founded_whatever_is_written() -> None:
    _, lock = planned(meshed())
    assert lock.mesh_port == 51830
    older = replace(lock, mesh_port=51900)
    plan, after = planned(meshed(), older)
    assert plan.mesh
    assert plan.mesh.port == after.mesh_port == 51900
    moved = meshed(mesh={"network": "10.98.0.0/24", "sites": SITES, "port": 51840})
    assert planned(moved, lock)[1].mesh_port == 51840, "before it is founded"
    for facts in (Facts(cluster="quickstart", founded=Founded(ca_sha256="0" * 64)), Facts(cluster="quickstart", unknown=("server1",))):
        found = founded_port_problem(spec_of(moved), lock, facts)
        assert found is not None
        assert found.path == "mesh.port"
        assert "write 51830" in str(found.cure)
        assert founded_port_problem(spec_of(meshed()), older, facts) is None
    assert founded_port_problem(spec_of(moved), lock, Facts(cluster="quickstart")) is None


def test_a_routed_site_needs_no_relay() -> None:
    mesh = planned(meshed([{"name": "home", "nat": False}, *SITES[1:]]))[0].mesh
    assert mesh
    assert relay_of(mesh, "server2", "pi1") is None
    assert relay_of(mesh, "pi1", "pi2") == "lb1"


def test_a_founded_cluster_gets_no_mesh_and_loses_none() -> None:
    founded = Facts(cluster="quickstart", founded=Founded(ca_sha256="0" * 64))
    _, without = planned(document())
    _, having = planned(meshed())
    for data, lock in ((meshed(), without), (document(), having)):
        assert founded_mesh_problem(spec_of(data), lock, Facts(cluster="quickstart")) is None
        assert founded_mesh_problem(spec_of(data), lock, founded) is not None
    assert founded_mesh_problem(spec_of(meshed()), having, founded) is None


def test_where_nobody_knows_whether_it_is_founded_it_gets_no_mesh_and_loses_none() -> None:
    """A fresh clone has the lock and no facts."""
    unknown = Facts(cluster="quickstart", unknown=("server1",))
    _, without = planned(document())
    _, having = planned(meshed())
    for data, lock, path in ((meshed(), without, "mesh"), (document(), having, "")):
        found = founded_mesh_problem(spec_of(data), lock, unknown)
        assert found is not None
        assert found.path == path
        assert "nobody here knows whether the cluster is founded" in found.message
        assert "`runner discover`" in str(found.cure)
        assert founded_mesh_problem(spec_of(data), replace(lock, machines={}), unknown) is None
    assert founded_mesh_problem(spec_of(meshed()), having, unknown) is None


def gone_from_the_boat(**more: Any) -> tuple[dict[str, Any], Lock]:
    """agent3 was at the boat, and its pool's lines went; it exists."""
    data = meshed(**more)
    workers = {**data["pools"][-1], "name": "workers", "machines": ["agent3"], "site": "boat", "vm_id_start": 250}
    _, lock = planned(data | {"pools": [*data["pools"], workers]})
    return data, lock


def test_a_machine_that_stays_and_is_reached_by_nobody_is_refused() -> None:
    data, lock = gone_from_the_boat(hosts=[])
    data["mesh"]["sites"] = [{"name": "home"}, {"name": "boat"}]
    with pytest.raises(InputErrors) as caught:
        planned(data, lock)
    found = caught.value.problems[0]
    assert found.path == "mesh.sites"
    assert found.message.startswith("every site is behind NAT, and no member can be reached from another site")
    assert "agent3, which is gone from cluster.yaml, is still there" in found.message


def test_a_machine_that_stays_needs_room_as_others_do() -> None:
    data, lock = gone_from_the_boat(hosts=[])
    data["mesh"]["network"] = "10.98.0.0/29"
    assert len(planned(data)[1].mesh) == 6
    with pytest.raises(InputErrors) as caught:
        planned(data, lock)
    found = caught.value.problems[0]
    assert found.path == "mesh.network"
    assert "10.98.0.0/29 has room for 6, and there are 7 machines and hosts" in found.message
    assert "agent3, which is gone from cluster.yaml, is still there" in found.message


def test_a_machine_that_stays_carries_the_vip_at_its_site_alone() -> None:
    data = meshed()
    there = {**data["pools"][0], "name": "others", "site": "boat", "vm_id_start": 250, "count": 1, "pattern": "other{n}"}
    data["pools"].append(there)
    data["pools"][0], moved = {**data["pools"][0], "site": "boat"}, data["pools"][0]
    data["mesh"]["sites"] = [{"name": "home"}, {"name": "shed"}, {"name": "boat", "nat": False}]
    _, lock = planned(data)
    data["pools"] = [{**moved, "site": "home"}, *data["pools"][1:-1]]
    with pytest.raises(InputErrors) as caught:
        planned(data, lock)
    found = caught.value.problems[0]
    assert found.path == "network.vip"
    assert "other1, which is gone from cluster.yaml, is still there" in found.message


def test_a_machine_that_stays_after_its_lines_went_keeps_its_place() -> None:
    data = meshed()
    _, lock = planned(data)
    data["pools"][-1]["machines"] = ["agent2"]
    data["pools"].append({**data["pools"][-1], "name": "workers", "machines": ["agent3"], "site": "boat", "vm_id_start": 250})
    data["pools"][-2]["machines"] = ["agent1", "agent2"]
    _, lock = planned(data, lock)
    data["pools"][-2]["machines"], data["pools"][-1]["machines"] = ["agent2"], ["agent4"]
    plan, _ = planned(data, lock)
    assert plan.mesh
    assert plan.retained == ("agent1", "agent3")
    assert plan.mesh.places["agent3"].site == "boat"
    assert plan.mesh.places["agent1"].address == lock.mesh["agent1"]


def test_the_plan_shows_who_is_where_and_how_others_reach_them() -> None:
    plan, _ = planned(meshed())
    lines = list(mesh_lines(plan))
    assert lines[0].startswith("mesh 10.98.0.0/24 over UDP 51830")
    assert next(line for line in lines if " lb1 " in line).split() == ["lb1", "home", "10.98.0.1", "home.example.org:51830"]
    assert "through lb1" in next(line for line in lines if " pi1 " in line)
    shown = contract(plan)["mesh"]
    assert shown["members"][0] == {"name": "lb1", "site": "home", "address": "10.98.0.1", "endpoint": "home.example.org:51830", "nat": True}
