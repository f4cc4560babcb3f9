"""The module `stardock.machine.nodes` over a kubectl of its own; the real API takes its patches in tests/lab/test_single.py."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.unit, pytest.mark.proves("reality D27")]

MODULE = Path(__file__).parents[3] / "ansible/collections/ansible_collections/stardock/machine/plugins/modules/nodes.py"

#: Keeps its objects in a file beside it, and merges patches as the API does (RFC 7386), a stale resourceVersion refused.
KUBECTL = """#!{python}
import json, sys
from pathlib import Path
store, calls = Path(__file__).with_name("store.json"), Path(__file__).with_name("calls")
state, words = json.loads(store.read_text()), sys.argv[1:]
calls.open("a").write(json.dumps(words) + chr(10))
def merged(old, new):
    if not isinstance(new, dict): return new
    old = dict(old) if isinstance(old, dict) else {{}}
    for key, value in new.items():
        if value is None: old.pop(key, None)
        else: old[key] = merged(old.get(key), value)
    return old
if words[0] == "get":
    if words[1] == "nodes": print(json.dumps({{"items": list(state["nodes"].values())}}))
    elif words[1] == "node": print(json.dumps(state["nodes"][words[2]]))
    elif state["record"]: print(json.dumps(state["record"]))
elif words[0] == "create":
    state["record"] = json.load(sys.stdin)
else:
    body = json.loads(Path(words[5]).read_text())
    kind, _, name = words[1].partition("/")
    if kind == "configmap": state["record"] = merged(state["record"], body)
    else:
        state["races"] -= 1
        node = state["nodes"][name]
        if state["races"] >= 0: node["metadata"]["resourceVersion"] += "0"
        store.write_text(json.dumps(state))
        if body["metadata"]["resourceVersion"] != node["metadata"]["resourceVersion"]:
            sys.exit("Error: Operation cannot be fulfilled: the object has been modified")
        if state["refuses"]: sys.exit(state["refuses"])
        state["nodes"][name] = merged(node, {{**body, "metadata": {{**body["metadata"], "resourceVersion": "9"}}}})
store.write_text(json.dumps(state))
"""


class Api:
    """Nodes that the module may change."""

    def __init__(self, folder: Path, **nodes: dict[str, Any]) -> None:
        self.kubectl = folder / "kubectl"
        self.kubectl.write_text(KUBECTL.format(python=sys.executable))
        self.kubectl.chmod(0o755)
        self._store = folder / "store.json"
        self.state: dict[str, Any] = {"nodes": nodes, "record": {}, "races": 0, "refuses": ""}
        self.save()

    def save(self) -> None:
        self._store.write_text(json.dumps(self.state))

    def run(self, *nodes: dict[str, Any], check: bool = False) -> dict[str, Any]:
        arguments = {"nodes": list(nodes), "kubectl": [str(self.kubectl)], "_ansible_check_mode": check, "_ansible_diff": True}
        given = json.dumps({"ANSIBLE_MODULE_ARGS": arguments})
        done = subprocess.run([sys.executable, str(MODULE)], input=given, capture_output=True, text=True, check=False)
        self.state = json.loads(self._store.read_text())
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def labels(self, name: str = "a1") -> dict[str, str]:
        found: dict[str, str] = self.state["nodes"][name]["metadata"].get("labels", {})
        return found

    def taints(self, name: str = "a1") -> list[str]:
        found = self.state["nodes"][name].get("spec", {}).get("taints", [])
        return [f"{taint['key']}={taint.get('value', '')}:{taint['effect']}" for taint in found]


def node(name: str = "a1", *, labels: dict[str, str] | None = None, ready: str = "True", **more: Any) -> dict[str, Any]:
    meta = {"name": name, "resourceVersion": "1", "labels": labels or {}, "annotations": more.pop("annotations", {})}
    return {"metadata": meta, "spec": more, "status": {"conditions": [{"type": "Ready", "status": ready}]}}


def wanted(name: str = "a1", *taints: str, **labels: str) -> dict[str, Any]:
    return {"name": name, "labels": labels, "taints": list(taints)}


@pytest.mark.proves("feature labels and taints", "case 02-taint-edit")
def test_labels_and_taints_of_standing_nodes_are_applied_and_a_second_run_changes_nothing(tmp_path: Path) -> None:
    api = Api(tmp_path, a1=node(labels={"theirs": "x"}))
    assert api.run(wanted("a1", "gpu=only:NoSchedule", disk="ssd"))["nodes"] == ["a1"]
    assert (api.labels(), api.taints()) == ({"theirs": "x", "disk": "ssd"}, ["gpu=only:NoSchedule"])
    again = api.run(wanted("a1", "gpu=only:NoSchedule", disk="ssd"))
    assert (again["changed"], again["diff"]) == (False, [])


def test_those_that_went_are_removed_and_labels_set_by_others_are_never_touched(tmp_path: Path) -> None:
    others = {"key": "quarantine", "effect": "NoExecute", "timeAdded": "2026-01-01T00:00:00Z"}
    api = Api(tmp_path, a1=node(labels={"theirs": "x"}, taints=[others]))
    api.run(wanted("a1", "gpu=only:NoSchedule", "old:NoExecute", disk="hdd", old="yes"))
    api.run(wanted("a1", "gpu=both:NoSchedule", disk="ssd", zone="a"))
    assert api.labels() == {"theirs": "x", "disk": "ssd", "zone": "a"}
    assert api.taints() == ["quarantine=:NoExecute", "gpu=both:NoSchedule"]
    assert api.state["nodes"]["a1"]["spec"]["taints"][0] == others
    api.run(wanted())
    assert (api.labels(), api.taints()) == ({"theirs": "x"}, ["quarantine=:NoExecute"])
    assert api.state["record"]["data"] == {}


def test_check_mode_tells_the_difference_and_changes_nothing(tmp_path: Path) -> None:
    api = Api(tmp_path, a1=node(labels={"disk": "hdd"}))
    answer = api.run(wanted("a1", "gpu:NoSchedule", disk="ssd"), check=True)
    assert answer["changed"]
    assert answer["diff"][0]["before"] == "label disk=hdd\n"
    assert answer["diff"][0]["after"] == "label disk=ssd\ntaint gpu:NoSchedule\n"
    assert (api.labels(), api.state["record"]) == ({"disk": "hdd"}, {})


def test_what_was_edited_by_hand_is_put_back(tmp_path: Path) -> None:
    api = Api(tmp_path, a1=node())
    api.run(wanted("a1", disk="ssd"))
    api.state["nodes"]["a1"]["metadata"]["labels"]["disk"] = "tape"
    api.save()
    assert api.run(wanted("a1", disk="ssd"))["changed"]
    assert api.labels() == {"disk": "ssd"}


def test_killed_between_record_and_node_the_next_run_still_takes_away_what_went(tmp_path: Path) -> None:
    api = Api(tmp_path, a1=node())
    api.run(wanted("a1", old="yes"))
    api.state["refuses"] = "Error from server: killed here"
    api.save()
    assert "killed here" in api.run(wanted("a1", new="yes"))["msg"]
    api.state["refuses"] = ""
    api.save()
    api.run(wanted("a1", new="yes"))
    assert api.labels() == {"new": "yes"}


def test_a_change_by_somebody_else_at_the_same_moment_is_not_lost(tmp_path: Path) -> None:
    api = Api(tmp_path, a1=node())
    api.state["races"] = 2
    api.save()
    assert api.run(wanted("a1", "gpu:NoSchedule"))["changed"]
    assert api.taints() == ["gpu=:NoSchedule"]


def test_a_node_that_the_api_does_not_know_is_passed_over(tmp_path: Path) -> None:
    assert not Api(tmp_path, a1=node()).run(wanted(), wanted("a2", disk="ssd"))["changed"]


def test_a_cordon_that_a_killed_run_left_goes_and_a_person_s_cordon_stays(tmp_path: Path) -> None:
    ours = {"stardock.io/cordoned-by": "bootstrap"}
    api = Api(
        tmp_path,
        a1=node(annotations=ours, unschedulable=True),
        a2=node("a2", unschedulable=True),
        a3=node("a3", ready="Unknown", annotations=ours, unschedulable=True),
    )
    assert api.run(wanted(), wanted("a2"), wanted("a3"))["nodes"] == ["a1"]
    assert ["unschedulable" in api.state["nodes"][name]["spec"] for name in ("a1", "a2", "a3")] == [False, True, True]
    assert api.state["nodes"]["a1"]["metadata"]["annotations"] == {}


@pytest.mark.parametrize("record", ["no JSON", "[]", '{"labels": "theirs"}', '{"labels": [1]}', "null"])
def test_a_record_that_cannot_be_read_takes_nothing_away(tmp_path: Path, record: str) -> None:
    api = Api(tmp_path, a1=node(labels={"theirs": "x"}))
    api.state["record"] = {"data": {"a1": record}}
    api.save()
    api.run(wanted("a1", disk="ssd"))
    assert api.labels() == {"theirs": "x", "disk": "ssd"}


def test_a_node_cannot_forge_what_is_ours_by_an_annotation_of_its_own(tmp_path: Path) -> None:
    forged = {"stardock.io/labels": "theirs", "stardock.io/taints": "quarantine:NoExecute"}
    api = Api(tmp_path, a1=node(labels={"theirs": "x"}, annotations=forged, taints=[{"key": "quarantine", "effect": "NoExecute"}]))
    assert not api.run(wanted())["changed"]


def test_hostile_values_are_never_arguments_nor_shell(tmp_path: Path) -> None:
    api = Api(tmp_path, a1=node())
    value = f"$(touch {tmp_path}/ran); {{{{ 7*7 }}}}"
    api.run(wanted("a1", disk=value))
    assert api.labels() == {"disk": value}
    assert not (tmp_path / "ran").exists()
    assert "touch" not in (tmp_path / "calls").read_text()


def test_what_the_api_refuses_is_told_with_the_node_and_without_control_characters(tmp_path: Path) -> None:
    api = Api(tmp_path, a1=node())
    api.state["refuses"] = "Error: \x1b[31mInvalid value: \u202ebad"
    api.save()
    answer = api.run(wanted("a1", disk="b"))
    assert answer["failed"]
    assert answer["msg"].endswith("a1: Error:  [31mInvalid value:  bad")
