"""The gate: what the engine may do to machines, judged from its plan JSON."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stardock.errors import RefusedError
from stardock.model.machine import Role
from stardock.terraform.changes import MACHINE, MachineChange, machine_changes, tainted_machines
from stardock.terraform.gate import Allowed, judge, refuse

pytestmark = pytest.mark.unit

ROLES: dict[str, Role] = {"lb1": "loadbalancer", "lb2": "loadbalancer", "server1": "server", "server2": "server", "agent1": "agent"}
DESTROYING = [["delete"], ["delete", "create"], ["create", "delete"]]


def _plan(*items: tuple[str, list[str]], kind: str = MACHINE, **extra: Any) -> dict[str, Any]:
    return {"resource_changes": [{"type": kind, "name": name, "change": {"actions": actions}, **extra} for name, actions in items]}


def _allowed(**named: Any) -> Allowed:
    return Allowed(roles=ROLES, **named)


@pytest.mark.parametrize("actions", DESTROYING)
def test_no_machine_is_destroyed_that_was_not_named(actions: list[str]) -> None:
    refusals = judge(machine_changes(_plan(("agent1", actions))), _allowed())
    assert [refusal.name for refusal in refusals] == ["agent1"]


def test_replace_allows_a_replacement_and_no_deletion() -> None:
    allowed = _allowed(replace=frozenset({"agent1"}))
    assert judge([MachineChange("agent1", "replace")], allowed) == ()
    assert judge([MachineChange("agent1", "delete")], allowed)


def test_remove_allows_a_deletion_and_no_replacement() -> None:
    allowed = _allowed(remove=frozenset({"agent1"}))
    assert judge([MachineChange("agent1", "delete")], allowed) == ()
    assert judge([MachineChange("agent1", "replace")], allowed)


@pytest.mark.proves("reality D22")
@pytest.mark.parametrize("action", ["replace", "delete"])
def test_a_server_of_a_founded_cluster_is_refused_even_when_named(action: Any) -> None:
    named = frozenset({"server1"})
    change = [MachineChange("server1", action)]
    founded = _allowed(replace=named, remove=named, founded=True, observed=named)
    refusal = judge(change, founded)[0]
    assert "founded" in refusal.message
    steps = [line for line in refusal.cure.splitlines() if line[0].isdigit()]
    assert [line.split()[0] for line in steps] == ["1.", "2.", "3.", "4.", "5."]
    assert "kubectl delete node server1" in steps[1]
    assert ("`remove:`" in steps[4]) == (action == "delete")
    # A new VM with the cloud-init drive of the old one might never hear its first boot; `--replace` moves it.
    assert ("`runner deploy --replace server1`" in steps[4]) == (action == "replace")
    assert judge(change, _allowed(replace=named, remove=named)) == ()


def test_a_server_that_never_answered_may_be_replaced_although_the_cluster_is_founded() -> None:
    allowed = _allowed(replace=frozenset({"server2"}), founded=True, observed=frozenset({"server1"}))
    assert judge([MachineChange("server2", "replace", "replace_because_tainted")], allowed) == ()


@pytest.mark.proves("hostile 6", "hostile 7")
@pytest.mark.parametrize("action", ["replace", "delete"])
@pytest.mark.parametrize("founded", [True, False])
def test_a_server_that_has_not_said_whether_it_is_founded_stays_even_when_named(action: Any, founded: bool) -> None:
    named = frozenset({"server1", "agent1"})
    allowed = _allowed(replace=named, remove=named, founded=founded, unknown=frozenset({"server1", "agent1"}))
    (refusal,) = judge([MachineChange("server1", action), MachineChange("agent1", action)], allowed)
    assert "server1 would be" in refusal.message
    assert "has not said yet whether its cluster is founded" in refusal.message
    assert "runner discover" in refusal.cure
    assert ("take server1 out of `remove:`" in refusal.cure) == (action == "delete")
    assert judge([MachineChange("server2", "replace")], _allowed(replace=frozenset({"server2"}), unknown=frozenset({"server1"}))) == ()


@pytest.mark.proves("hostile 6", "hostile 7")
@pytest.mark.parametrize("action", ["replace", "delete"])
def test_a_server_without_a_guest_agent_is_asked_by_bootstrap_because_discover_cannot(action: Any) -> None:
    named, known = frozenset({"server1", "server2"}), frozenset({"server1"})
    allowed = _allowed(replace=named, remove=named, unknown=named, mute=named, observed=known)
    (first, second) = judge([MachineChange(name, action) for name in sorted(named)], allowed)
    assert "discover" not in first.cure + second.cure
    assert "ask it over SSH: runner bootstrap (it has no guest agent)\n" in first.cure
    assert "ask it over SSH: runner bootstrap --accept-new-host-keys (it has no guest agent)\n" in second.cure
    assert ("take server1 out of `remove:`" in first.cure) == (action == "delete")


def test_more_than_one_load_balancer_at_a_time_is_refused_even_when_named() -> None:
    both = frozenset({"lb1", "lb2"})
    one = [MachineChange("lb1", "replace")]
    assert judge(one, _allowed(replace=both)) == ()
    (refusal,) = judge([*one, MachineChange("lb2", "delete")], _allowed(replace=both, remove=both))
    assert "one load balancer at a time" in refusal.cure


def test_a_machine_of_unknown_role_is_guarded_like_a_server() -> None:
    named = frozenset({"stranger"})
    assert judge([MachineChange("stranger", "delete")], _allowed(remove=named, founded=True, observed=named))


def test_tainted_machines_are_read_from_the_state() -> None:
    resource = {"type": MACHINE, "name": "server1", "tainted": True}
    state = {"values": {"root_module": {"resources": [resource, {"type": MACHINE, "name": "lb1"}, {**resource, "type": "other"}]}}}
    assert tainted_machines(state) == ("server1",)
    assert tainted_machines({"format_version": "1.0"}) == ()


def test_snippets_and_images_may_be_replaced() -> None:
    changes = machine_changes(_plan(("server1-user", ["delete", "create"]), kind="proxmox_virtual_environment_file"))
    assert changes == ()


def test_an_import_that_would_replace_is_a_replacement() -> None:
    plan = _plan(("server1", ["delete", "create"]))
    plan["resource_changes"][0]["change"]["importing"] = {"id": "pve1/210"}
    assert machine_changes(plan)[0].action == "replace"


@pytest.mark.parametrize(
    ("actions", "importing", "action"),
    [
        (["no-op"], None, None),
        (["read"], None, None),
        (["create"], None, "create"),
        (["update"], None, "update"),
        (["no-op"], {"id": "pve1/210"}, "import"),
        (["update"], {"id": "pve1/210"}, "import"),
    ],
)
def test_the_engines_actions_become_one_word(actions: list[str], importing: Any, action: str | None) -> None:
    plan = _plan(("server1", actions))
    plan["resource_changes"][0]["change"]["importing"] = importing
    assert [change.action for change in machine_changes(plan)] == ([action] if action else [])
    assert judge(machine_changes(plan), _allowed(adopt={"server1": "pve1/210"})) == ()


def test_the_reason_names_what_only_a_replacement_changes() -> None:
    plan = _plan(("agent1", ["delete", "create"]), action_reason="replace_because_cannot_update")
    plan["resource_changes"][0]["change"]["replace_paths"] = [["initialization", 0, "user_data_file_id"], ["vm_id"]]
    (refusal,) = judge(machine_changes(plan), _allowed())
    assert "initialization.0.user_data_file_id, vm_id" in refusal.message


def test_refusals_are_all_told_at_once_with_one_command_line() -> None:
    changes = [MachineChange("lb1", "replace"), MachineChange("agent1", "replace"), MachineChange("server1", "delete")]
    with pytest.raises(RefusedError) as caught:
        refuse(judge(changes, _allowed()))
    assert all(name in caught.value.message for name in ("lb1", "agent1", "server1"))
    assert caught.value.cure is not None
    assert caught.value.cure.splitlines() == [
        "runner deploy --replace lb1 --replace agent1",
        "write server1 under `remove:` if it is to go",
    ]
    refuse(())


def test_a_tainted_machine_is_told_with_its_cure_and_passes_when_named() -> None:
    changes = machine_changes(_plan(("server1", ["delete", "create"]), action_reason="replace_because_tainted"))
    (refusal,) = judge(changes, _allowed())
    assert "its creation failed" in refusal.message
    assert refusal.cure == "runner deploy --replace server1"
    assert judge(changes, _allowed(replace=frozenset({"server1"}))) == ()


names = st.sampled_from(sorted(ROLES))
changes_of = st.lists(
    st.builds(MachineChange, names, st.sampled_from(["create", "update", "replace", "delete", "import"])),
    unique_by=lambda change: change.name,
)
allowances = st.builds(
    Allowed,
    replace=st.frozensets(names),
    remove=st.frozensets(names),
    roles=st.just(ROLES),
    founded=st.booleans(),
    observed=st.frozensets(names),
)


@given(changes_of, allowances)
def test_whatever_passes_destroys_only_what_was_named_and_at_most_one_load_balancer(changes: list[MachineChange], allowed: Allowed) -> None:
    if judge(changes, allowed):
        return
    doomed = {change.name for change in changes if change.destroys}
    assert doomed <= allowed.replace | allowed.remove
    assert sum(ROLES[name] == "loadbalancer" for name in doomed) <= 1
    assert not allowed.founded or not any(ROLES[name] == "server" for name in doomed & allowed.observed)


@given(changes_of, allowances)
def test_what_destroys_nothing_always_passes(changes: list[MachineChange], allowed: Allowed) -> None:
    assert judge([change for change in changes if not change.destroys], allowed) == ()
