"""Answers without names and values, and what differs between two."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stardock.prove.checks.answers import known
from stardock.prove.conversation import QUESTIONS, Answer, additions, as_json, differences, emptied, filled, from_json, shape_of
from tests.conversations import take

pytestmark = pytest.mark.unit

VALUES = {"node": "pve1", "vmid": "99000", "image": "local:import/prove-0123abcd.x.qcow2"}
NAME = "GET /version"


def between(known_shape: object, seen_shape: object) -> list[str]:
    return differences({NAME: Answer(status=200, shape=known_shape)}, {NAME: Answer(status=200, shape=seen_shape)})


def test_no_value_is_in_a_shape_and_names_among_keys_become_places() -> None:
    told = {"/vms/99000": {"a": 1}, "b": [{"c": "secret", "d": None}, {"c": "other"}], "e": True, "f": []}
    assert shape_of(told, VALUES) == {
        "/vms/{vmid}": {"a": "number"},
        "b": [{"c": "text", "d?": "nothing"}],
        "e": "truth",
        "f": [],
    }
    assert shape_of([1, "x"], VALUES) == ["number or text"]
    assert shape_of([1, {"a": 1}], VALUES) == ["several"]


def test_places_are_filled_and_emptied() -> None:
    assert filled("/nodes/{node}/qemu/{vmid}", VALUES) == "/nodes/pve1/qemu/99000"
    assert emptied("VM 99000 on pve1: local:import/prove-0123abcd.x.qcow2", VALUES) == "VM {vmid} on {node}: {image}"


@pytest.mark.parametrize("name", ["node", "disk", "vm", "net", "mem", "ha", "name", "status", "vms", "VM"])
def test_a_node_or_datastore_that_is_called_as_a_word_of_proxmoxs_changes_no_key_and_no_part_of_a_word(name: str) -> None:
    values = VALUES | {"node": name, "images": name, "snippets": name}
    told = dict.fromkeys(("node", "disk", "diskread", "vmid", "netin", "mem", "maxmem", "ha", "name", "status", "vmstatus"), 1)
    assert shape_of({**told, "/vms/99000": told}, values) == {
        **dict.fromkeys(told, "number"),
        "/vms/{vmid}": dict.fromkeys(told, "number"),
    }
    assert emptied("VMs, vmid, a-nodes, hostnames, memory", values) == "VMs, vmid, a-nodes, hostnames, memory"
    assert emptied("VM 990001 and 99000", VALUES) == "VM 990001 and {vmid}"


def test_what_stands_in_a_place_is_not_looked_at_again() -> None:
    values = {"vmid": "99000", "image": "x:image", "node": "image"}
    assert emptied("x:image on image, VM 99000", values) == "{image} on {node}, VM {vmid}"


@pytest.mark.parametrize(
    ("known_shape", "seen_shape", "words"),
    [
        ({"a": "text"}, {}, ["a is missing"]),
        ({"a": "text"}, {"a": "number"}, ["a is number, not text"]),
        ({"a": "text"}, {"a?": "text"}, []),
        ({"a?": "text"}, {}, []),
        ({"a": "number or text"}, {"a": "text"}, []),
        ({"a": "text"}, {"a": "number or text"}, ["a is number or text, not text"]),
        ({"a": {"b": "text"}}, {"a": "text"}, ["a is text, not an object"]),
        ([{"a": "text"}], [{"a": "number"}], ["[].a is number, not text"]),
        ([{"a": "text"}], [], []),
        ({"a": "text"}, {"a": "text", "b": "number"}, []),
    ],
)
def test_missing_keys_and_other_types_are_told_and_additional_keys_are_not(
    known_shape: object, seen_shape: object, words: list[str]
) -> None:
    assert between(known_shape, seen_shape) == [f"{NAME}: {one}" for one in words]


def test_status_message_refused_parameters_and_tasks_end_are_told() -> None:
    one = Answer(status=400, message="Parameter verification failed.", errors=("cores",), task="")
    other = Answer(status=500, message="no", errors=(), task="OK")
    assert differences({NAME: one}, {NAME: other}) == [
        f"{NAME}: status is 500, not 400",
        f"{NAME}: message is no, not Parameter verification failed.",
        f"{NAME}: errors is none, not cores",
        f"{NAME}: task is OK, not none",
    ]
    assert additions({NAME: Answer(status=200, shape={"a": "text"})}, {NAME: Answer(status=200, shape={"a": "text", "b": []})}) == [
        f"{NAME}: b"
    ]


def test_the_file_of_answers_is_read_back_as_it_was_and_has_every_question() -> None:
    assert from_json(json.loads(json.dumps(as_json(known())))) == known()
    assert set(known()) == {one.name for one in QUESTIONS}
    assert len({one.name for one in QUESTIONS}) == len(QUESTIONS)


def test_nothing_but_reads_and_what_is_refused_or_changes_nothing_is_asked() -> None:
    """A write goes to the proof's own VM, and is refused, or starts what runs."""
    writes = {one.name: known()[one.name] for one in QUESTIONS if one.method != "GET"}
    assert all("/qemu/{vmid}/" in name for name in writes)
    assert {name for name, one in writes.items() if one.status == 200} == {"POST /nodes/{node}/qemu/{vmid}/status/start"}


@pytest.mark.parametrize("told", [[], {NAME: []}, {NAME: {}}, {NAME: {"status": "200"}}])
def test_what_are_no_answers_is_refused(told: object) -> None:
    with pytest.raises(ValueError, match="answer"):
        from_json(told)


def test_a_report_becomes_a_fixture_by_date_and_version(tmp_path: Path) -> None:
    report = tmp_path / "report"
    report.mkdir()
    with pytest.raises(ValueError, match=r"has no report\.json"):
        take(report, tmp_path / "proofs")
    (report / "report.json").write_text(
        json.dumps({"format": 1, "date": "2026-12-01", "versions": {"Proxmox": "9.1.2"}, "repoid": "8ea12bc0"})
    )
    (report / "answers.json").write_text(json.dumps(as_json(known()) | {"GET /other": {"status": 200}}))
    path = take(report, tmp_path / "proofs")
    assert path.name == "2026-12-01-pve-9.1.2.json"
    with pytest.raises(ValueError, match="is there already"):
        take(report, tmp_path / "proofs")
    assert from_json(json.loads(path.read_text())["answers"]) == known()
