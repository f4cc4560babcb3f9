"""The engine's plan, read strictly: what Stardock does not know in it is told, and refused."""

from __future__ import annotations

from typing import Any

import pytest

from stardock.terraform.changes import MACHINE, machine_changes, strange
from stardock.terraform.gate import Allowed, judge, judge_strange

pytestmark = pytest.mark.unit

FILE = "proxmox_virtual_environment_file"


def item(actions: list[str], *, kind: str = MACHINE, change: dict[str, Any] | None = None, **further: Any) -> dict[str, Any]:
    """One resource of a plan."""
    return {
        "address": f"{kind}.server1",
        "mode": "managed",
        "type": kind,
        "name": "server1",
        "provider_name": "registry.example/bpg/proxmox",
        "change": {"actions": actions, "before": {}, "after": {}, **(change or {})},
        **further,
    }


def plan(*items: dict[str, Any], **further: Any) -> dict[str, Any]:
    """A plan of today's engines."""
    return {"format_version": "1.2", "terraform_version": "1.12.6", "resource_changes": [*items], "errored": False, **further}


def test_a_plan_as_the_engines_write_them_has_nothing_strange() -> None:
    every = [["no-op"], ["read"], ["create"], ["update"], ["delete"], ["delete", "create"], ["create", "delete"]]
    assert strange(plan(*(item(actions) for actions in every), complete=True, applyable=True)) == ()
    assert strange({}) == ()


STRANGE: dict[str, tuple[dict[str, Any], str]] = {
    "an action": (plan(item(["shelve"])), "the engine would do this to it: shelve"),
    "an action beside one that is known": (plan(item(["update", "shelve"])), "update, shelve"),
    "an order of actions": (plan(item(["create", "update"])), "create, update"),
    "no action": (plan(item([])), "nothing that it names"),
    "forget": (plan(item(["forget"])), "forget"),
    "forget and create": (plan(item(["forget", "create"])), "forget, create"),
    "a mode": (plan(item(["delete"], mode="ephemeral")), "its mode is ephemeral"),
    "a data source": (plan(item(["read"], mode="data")), "its mode is data"),
    "a foreign type": (plan(item(["delete"], kind="aws_instance")), "of a type that Stardock never makes"),
    "a foreign type that stays": (plan(item(["no-op"], kind="proxmox_virtual_environment_pool")), "of a type that"),
    "another provider": (plan(item(["create"], provider_name="registry.example/telmate/proxmox")), "telmate"),
    "a deposed object": (plan(item(["delete"], deposed="ab12")), "it has `deposed`"),
    "a move": (plan(item(["no-op"], previous_address="x.y")), "it has `previous_address`"),
    "a module": (plan(item(["create"], module_address="module.m")), "it has `module_address`"),
    "an index": (plan(item(["delete"], index=0)), "it has `index`"),
    "a field of the resource": (plan(item(["update"], future={"x": 1})), "it has `future`"),
    "a field of the change": (plan(item(["update"], change={"future": True})), "its change has `future`"),
    "made configuration": (plan(item(["create"], change={"generated_config": "x"})), "generated_config"),
    "paths to replace and no replacement": (plan(item(["update"], change={"replace_paths": [["vm_id"]]})), "and not planned"),
    "an import of something else": (plan(item(["no-op"], kind=FILE, change={"importing": {"id": "x"}})), "it would be imported"),
    "a newer format": (plan(format_version="2.0"), "its format is 2.0"),
    "no format": ({"resource_changes": []}, "its format is none"),
    "deferred changes": (plan(deferred_changes=[{"reason": "unknown"}]), "it has `deferred_changes`"),
    "actions": (plan(action_invocations=[{"address": "action.x.y"}]), "it has `action_invocations`"),
    "incomplete": (plan(complete=False), "incomplete"),
}


@pytest.mark.proves("hostile 14")
@pytest.mark.parametrize("name", STRANGE)
def test_what_the_gate_does_not_know_in_a_plan_is_refused(name: str) -> None:
    given, words = STRANGE[name]
    found = strange(given)
    assert words in "; ".join(one.what for one in found)
    refusals = judge_strange(found, "tofu", "folder")
    assert len(refusals) == len(found)
    assert all("tofu plan" in one.cure for one in refusals)


@pytest.mark.proves("hostile 14")
@pytest.mark.parametrize(("name", "leaves"), [
    ("a deposed object", False), ("forget", False), ("another provider", False), ("a module", False), ("a foreign type", True),
])  # fmt: skip
def test_no_cure_takes_what_may_be_a_living_vm_out_of_the_state(name: str, leaves: bool) -> None:
    refusals = judge_strange(strange(STRANGE[name][0]), "tofu", "folder")
    assert {"state rm" in one.cure for one in refusals} == {leaves}


@pytest.mark.proves("hostile 14")
def test_an_unknown_action_of_a_machine_that_deletes_is_still_a_deletion() -> None:
    (change,) = machine_changes(plan(item(["shelve", "delete"])))
    assert change.destroys


@pytest.mark.proves("hostile 14")
def test_an_import_that_this_run_did_not_ask_for_is_refused_and_so_is_one_of_another_vm() -> None:
    changes = machine_changes(plan(item(["no-op"], change={"importing": {"id": "pve1/210"}})))
    assert judge(changes, Allowed(adopt={"server1": "pve1/210"})) == ()
    assert "nobody asked for" in judge(changes, Allowed())[0].message
    assert "nobody asked for" in judge(changes, Allowed(adopt={"server1": "pve1/999"}))[0].message
