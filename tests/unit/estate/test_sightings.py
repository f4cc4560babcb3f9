"""From what guest agents say to facts: pure parts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stardock.estate.agent import Addresses, HostKeys
from stardock.estate.renewed import refounded, renewed, still_unknown, without_shared
from stardock.estate.sighting import Sighting, addresses_of_others, sighting_of
from stardock.estate.sightings import NOT_ASKED, asked
from stardock.estate.watch import patience
from stardock.model.facts import Facts, Founded, MachineFacts
from stardock.model.machine import Image, Interface, Ipv6, Machine
from stardock.model.parts import Agent
from stardock.model.plan import Plan
from stardock.model.settings import Distribution, Proxmox, PveNode, Ssh

pytestmark = pytest.mark.unit

MAC = "BC:24:11:00:00:01"
KEY = "ssh-ed25519 AAAA"


def _machine(name: str = "server1", address: str | None = None) -> Machine:
    return Machine(
        name=name,
        role="server",
        pool="servers",
        pve_node="pve1",
        vm_id=210,
        hostname=name,
        interfaces=(Interface(name="ens18", bridge="vmbr0", mac=MAC, address=address),),
        image=Image(system="debian", url="https://x/y.qcow2", file_name="y.qcow2", datastore="local"),
        cores=1,
        cpu_type="host",
        memory_mib=1024,
        disk_gib=10,
        disk_datastore="local-lvm",
        snippet_datastore="local",
        users=(),
    )


def _plan(*names: str) -> Plan:
    return Plan(
        cluster="c",
        proxmox=Proxmox(endpoint="https://x:8006", nodes=()),
        distribution=Distribution(name="rke2", version="v1.36.5+rke2r1"),
        machines=tuple(_machine(name) for name in names),
        founder=names[0] if names else "",
        ssh=Ssh(user="root"),
    )


def _sighting(machine: Machine, by_mac: Any, keys: tuple[str, ...], vip: str | None = None) -> Sighting:
    return sighting_of(machine, Addresses(by_mac), HostKeys(keys), (vip,) if vip else ())


def _missing(sighting: Sighting) -> str | None:
    return sighting.missing.words if sighting.missing else None


@pytest.mark.parametrize(
    ("wanted", "found", "missing"),
    [
        (Ipv6(mode="static", address="fd00::5", prefix=64), ("10.0.0.5",), "does not have fd00::5 on ens18 (10.0.0.5)"),
        (Ipv6(mode="static", address="fd00::5", prefix=64), ("10.0.0.5", "fd00::5"), None),
        (Ipv6(mode="slaac"), ("10.0.0.5",), "does not have IPv6 by slaac on ens18 (10.0.0.5)"),
        (Ipv6(mode="dhcp"), ("10.0.0.5", "fd77::9"), None),
    ],
)
def test_discovery_waits_for_the_ipv6_that_cluster_yaml_wants(wanted: Ipv6, found: tuple[str, ...], missing: str | None) -> None:
    machine = _machine(address="10.0.0.5")
    machine = replace(machine, interfaces=(replace(machine.interfaces[0], ipv6=wanted),))
    assert _missing(_sighting(machine, {MAC: found}, (KEY,))) == missing


def test_a_machine_without_a_guest_agent_is_not_waited_for_and_named() -> None:
    plan = _plan("server1", "server2")
    plan = replace(plan, machines=(plan.machines[0], replace(plan.machines[1], agent=Agent(enabled=False))))
    said: list[str] = []
    assert asked(plan, said.append) == {"server1": NOT_ASKED}
    assert said == ["  server2: no guest agent (`agent`); pin the SSH host keys, or let bootstrap accept new ones"]


@pytest.mark.proves("reality B15")
def test_discover_waits_as_long_as_the_slowest_system_needs() -> None:
    plan = _plan("server1", "server2")
    assert patience(plan) == 300
    slow = replace(plan.machines[1], image=replace(plan.machines[1].image, system="microos"))
    assert patience(replace(plan, machines=(plan.machines[0], slow))) == 1200


def test_addresses_are_matched_by_mac_whatever_the_guest_calls_the_interface_and_the_vip_is_nobodys() -> None:
    sighting = _sighting(_machine(), {MAC: ("fd00::5", "10.0.0.40", "10.0.0.5")}, (KEY,), vip="10.0.0.40")
    assert sighting.missing is None
    assert sighting.facts == MachineFacts(addresses={"ens18": ("10.0.0.5", "fd00::5")}, host_keys=(KEY,))


@pytest.mark.parametrize(
    ("address", "found", "keys", "missing"),
    [
        (None, (), (KEY,), "has no address on ens18"),
        (None, ("fd00::5",), (KEY,), "has no address on ens18"),
        (None, ("10.0.0.5",), (), "has no SSH host key yet"),
        ("10.0.0.5", ("10.0.0.6",), (KEY,), "does not have 10.0.0.5 on ens18 (10.0.0.6)"),
        ("10.0.0.5", ("10.0.0.5",), (KEY,), None),
    ],
)
def test_what_bootstrap_still_lacks_is_told(address: str | None, found: tuple[str, ...], keys: Any, missing: str | None) -> None:
    assert _missing(_sighting(_machine(address=address), {MAC: found}, keys)) == missing


def test_another_machines_mac_is_not_ours() -> None:
    assert _sighting(_machine(), {"BC:24:11:00:00:02": ("10.0.0.5",)}, ()).facts is None


keys = st.sampled_from([("a",), ("b",), ("a", "b"), ()])
names = st.sampled_from(["s1", "s2", "s3", "old"])
Seen = dict[str, MachineFacts]
seen = st.dictionaries(names, st.builds(MachineFacts, addresses=st.just({}), host_keys=keys))
founded = st.none() | st.builds(Founded, ca_sha256=st.just("x"), servers=st.dictionaries(names, keys, min_size=1))
known = st.builds(Facts, cluster=st.just("c"), machines=seen, founded=founded)


@given(known, seen, st.sets(names))
def test_renewed_facts_name_only_machines_that_are_planned_and_not_gone(
    before: Facts, news: dict[str, MachineFacts], gone: set[str]
) -> None:
    after, _ = renewed(_plan("s1", "s2", "s3"), before, news, gone)
    assert set(after.machines) <= {"s1", "s2", "s3"} - gone
    for name, machine in after.machines.items():
        known = before.machines.get(name, MachineFacts()).host_keys
        assert machine.host_keys == (news.get(name, MachineFacts()).host_keys or known)


@given(known, seen, st.sets(names))
def test_founded_goes_exactly_when_no_server_in_it_carries_a_key_it_had(
    before: Facts, news: dict[str, MachineFacts], gone: set[str]
) -> None:
    after, dropped = renewed(_plan("s1", "s2", "s3"), before, news, gone)
    assert dropped == (after.founded != before.founded)
    if before.founded is None:
        assert after.founded is None
        return
    carried = any(set(had) & set(after.machines[name].host_keys) for name, had in before.founded.servers.items() if name in after.machines)
    assert (after.founded is not None) == carried


def test_machines_made_anew_are_not_founded_and_one_survivor_keeps_the_cluster_founded() -> None:
    was = Facts(
        cluster="c",
        machines={"s1": MachineFacts(host_keys=("a",)), "s2": MachineFacts(host_keys=("b",))},
        founded=Founded(ca_sha256="x", servers={"s1": ("a",), "s2": ("b",)}),
    )
    anew = MachineFacts(host_keys=("new",))
    assert renewed(_plan("s1", "s2"), was, {"s1": anew}, set())[0].founded == was.founded
    assert renewed(_plan("s1", "s2"), was, {"s1": anew, "s2": anew}, set())[0].founded is None
    assert renewed(_plan("s1", "s2"), was, {}, {"s1", "s2"})[0].founded is None


def test_a_server_under_remove_stays_known_while_it_exists_so_that_the_gate_keeps_it() -> None:
    was = Facts(cluster="c", machines={"s1": MachineFacts(host_keys=("a",)), "s4": MachineFacts(host_keys=("d",))})
    leaving = replace(_plan("s1"), removed=("s4",))
    assert renewed(leaving, was, {}, set(), frozenset({"s1", "s4"}))[0].machines == was.machines
    assert set(renewed(leaving, was, {}, set(), frozenset({"s1"}))[0].machines) == {"s1"}


def test_a_lost_facts_file_learns_from_the_servers_marks_that_the_cluster_is_founded() -> None:
    facts = Facts(cluster="c", machines={"server1": MachineFacts(host_keys=(KEY,))})
    again = refounded(_plan("server1"), facts, {"server1": "ab" * 32})
    assert again.founded == Founded(ca_sha256="ab" * 32, servers={"server1": (KEY,)})
    assert refounded(_plan("server1"), again, {"server1": "cd" * 32}) == again, "what is known is not replaced"


def test_marks_of_different_clusters_prove_nothing() -> None:
    facts = Facts(cluster="c")
    assert refounded(_plan("server1", "server2"), facts, {"server1": "ab", "server2": "cd"}) == facts


def _unknown(facts: Facts, marks: dict[str, str], *, gone: frozenset[str] = frozenset(), dropped: bool = False) -> tuple[str, ...]:
    return still_unknown(_plan("server1", "server2", "server3"), facts, marks, gone, (), dropped=dropped)


@pytest.mark.proves("hostile 7")
def test_with_founded_dropped_every_server_that_exists_is_unknown_until_it_says_whether_it_is_founded() -> None:
    known = Facts(cluster="c")
    assert _unknown(known, {}, dropped=True) == ("server1", "server2", "server3")
    assert _unknown(known, {"server1": "", "server3": "ab" * 32}, dropped=True) == ("server2",)
    assert _unknown(known, {}, gone=frozenset({"server1"}), dropped=True) == ("server2", "server3")


@pytest.mark.proves("hostile 7")
def test_a_server_that_is_unknown_stays_so_while_it_is_silent_and_no_other_becomes_it() -> None:
    facts = Facts(cluster="c", unknown=("server2",))
    assert _unknown(facts, {"server1": ""}) == ("server2",)
    assert _unknown(facts, {"server2": ""}) == ()
    assert _unknown(Facts(cluster="c"), {}) == ()


def test_a_server_under_remove_is_not_asked_and_stays_unknown_while_it_exists() -> None:
    plan = replace(_plan("server1"), removed=("server2",))
    facts = Facts(cluster="c", unknown=("server2",))
    assert still_unknown(plan, facts, {}, set(), {"server2"}, dropped=False) == ("server2",)
    assert still_unknown(plan, facts, {}, set(), (), dropped=False) == ()


@pytest.mark.proves("hostile 7")
def test_one_server_that_claims_another_cluster_frees_none_of_its_peers() -> None:
    facts = Facts(cluster="c", unknown=("server1", "server2", "server3"))
    assert _unknown(facts, {"server1": "ab" * 32, "server2": "ab" * 32, "server3": "cd" * 32}) == ("server1", "server2", "server3")
    assert _unknown(facts, {"server1": "ab" * 32, "server2": "", "server3": "ab" * 32}) == ()


@pytest.mark.proves("hostile 1")
def test_a_machine_that_claims_the_address_of_another_gets_nothing_that_is_meant_for_it() -> None:
    """An agent with DHCP that told its guest agent a server's address: bootstrap would run the agent's roles on the server."""
    plan = _plan("server1", "agent1")
    (server, agent) = plan.machines
    server = replace(server, interfaces=(replace(server.interfaces[0], address="10.0.0.5", prefix=24, gateway="10.0.0.1"),))
    nodes = (PveNode(name="pve1", address="10.0.0.9"),)
    plan = replace(plan, machines=(server, agent), proxmox=replace(plan.proxmox, nodes=nodes))
    others = addresses_of_others(plan, agent)
    assert others == {"10.0.0.5", "10.0.0.1", "10.0.0.9"}
    seen = sighting_of(agent, Addresses({MAC: ("10.0.0.5", "10.0.0.9", "10.0.0.77")}), HostKeys((KEY,)), (), others)
    assert seen.facts == MachineFacts(addresses={"ens18": ("10.0.0.77",)}, host_keys=(KEY,))
    assert seen.odd == ("10.0.0.5", "10.0.0.9")
    assert addresses_of_others(plan, server) == {"10.0.0.1", "10.0.0.9"}


@pytest.mark.proves("hostile 1")
def test_an_address_that_two_machines_say_they_have_is_nobodys() -> None:
    both = {name: MachineFacts(addresses={"ens18": (f"10.0.0.{at}", "10.0.0.7")}) for at, name in enumerate(("agent1", "server1"), 5)}
    facts, shared = without_shared(Facts(cluster="c", machines=both))
    assert shared == {"10.0.0.7": ("agent1", "server1")}
    assert {name: one.addresses for name, one in facts.machines.items()} == {
        "agent1": {"ens18": ("10.0.0.5",)},
        "server1": {"ens18": ("10.0.0.6",)},
    }
