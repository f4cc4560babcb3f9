"""Who may be switched off, and what is said before: from what was seen, without asking anybody."""

from __future__ import annotations

import pytest

from stardock.model.standing import NodeStanding, Standing
from stardock.plan.switching import goes_with, standstill, undrained
from tests.plans import document, plan_of

pytestmark = [pytest.mark.unit, pytest.mark.proves("feature machines' power")]

PLAN = plan_of(document())[0]
SINGLE = plan_of(document("single"))[0]


def standing(**votes: bool | None) -> Standing:
    """Nodes that are Ready and take pods, and whether they vote."""
    return Standing(by="server1", nodes={name: NodeStanding(ready=True, votes=vote) for name, vote in votes.items()})


ALL = standing(server1=True, server2=True, server3=True, agent1=None)


def test_of_two_people_who_switch_two_of_three_servers_off_at_a_time_each_sees_the_cordon_of_the_other() -> None:
    """Both cordon first and look then, again right before the power (`stardock.verbs.job.switched`)."""
    both = {f"server{n}": NodeStanding(ready=True, votes=True, cordoned=n < 3, cordoned_by="machine" if n < 3 else "") for n in (1, 2, 3)}
    seen = Standing(by="server3", nodes=both)
    words = "without {} it has 1; {} may be switched off any moment (if nobody is about to: `runner machine start {}`)"
    assert words.format("server1", "server2", "server2") in standstill(PLAN, PLAN.machine("server1"), seen)
    assert words.format("server2", "server1", "server1") in standstill(PLAN, PLAN.machine("server2"), seen)
    assert "any moment" in standstill(PLAN, PLAN.machine("server3"), seen)


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (ALL, ""),
        (
            standing(server1=True, server2=True, server3=False),
            "3 members and needs 2 that vote, and without server1 it has 1; server3 cannot vote",
        ),
        (standing(server1=True, server2=True), "etcd has 2 members and needs 2 that vote, and without server1 it has 1"),
        (standing(server1=False, server2=True, server3=False), "without server1 it has 1; server1, server3 cannot vote"),
        (standing(server1=False, server2=True, server3=True), ""),
        (standing(server1=True, server2=True, x1=True, x2=True, x3=True), "5 members and needs 3 that vote, and without server1 it has 1"),
        (standing(server1=True, server2=True, server3=True, old=False), "4 members and needs 3 that vote, and without server1 it has 2"),
        (standing(server1=None, server2=True, server3=True), ""),
        (standing(server2=True, server3=True), ""),
        (standing(server1=True), "etcd has 1 members and needs 1 that vote"),
        (Standing(why="server1: no route"), "nobody could say whether etcd needs server1: server1: no route"),
    ],
    ids=[
        "three",
        "one is down",
        "two",
        "its API server is silent, its etcd may vote",
        "it does not vote, and the others do",
        "members that are nobody of ours",
        "a member of before",
        "another datastore",
        "no member",
        "alone in etcd, not in the plan",
        "unknown",
    ],
)
def test_a_server_that_etcd_needs_is_refused_and_one_that_is_no_member_is_not(seen: Standing, words: str) -> None:
    found = standstill(PLAN, PLAN.machine("server1"), seen)
    assert words in found
    assert bool(found) == bool(words)


def test_agents_load_balancers_and_a_lone_server_stop_no_etcd_that_others_need() -> None:
    assert standstill(PLAN, PLAN.machine("agent1"), Standing(why="x")) == ""
    assert standstill(PLAN, PLAN.machine("lb1"), Standing(why="x")) == ""
    assert standstill(SINGLE, SINGLE.machine("server1"), standing(server1=True)) == ""
    assert "the only server" in " ".join(goes_with(SINGLE, SINGLE.machine("server1"), ()))


def test_pods_are_moved_where_somebody_ends_them_and_somebody_takes_them() -> None:
    agent = PLAN.machine("agent1")
    assert undrained(agent, ALL) == ""
    assert "no server could be asked: gone" in undrained(agent, Standing(why="gone"))
    assert "no Node" in undrained(agent, standing(server1=True))
    assert "no other node" in undrained(agent, Standing(by="x", nodes={"agent1": NodeStanding(ready=True)}))
    cordoned = {
        "agent1": NodeStanding(ready=True),
        "server1": NodeStanding(ready=True, cordoned=True),
        "server2": NodeStanding(ready=False),
    }
    assert "no other node" in undrained(agent, Standing(by="x", nodes=cordoned))
    assert "not Ready" in undrained(agent, Standing(by="x", nodes={**ALL.nodes, "agent1": NodeStanding(ready=False)}))


def test_the_virtual_ip_goes_with_the_last_of_those_that_may_carry_it() -> None:
    assert list(goes_with(PLAN, PLAN.machine("lb1"), {"lb1", "lb2"})) == []
    (said,) = goes_with(PLAN, PLAN.machine("lb1"), {"lb1", "server1"})
    assert "192.168.1.40 goes with lb1" in said
    assert list(goes_with(PLAN, PLAN.machine("server1"), set())) == []
