"""Lock and facts as files: what is JSON and still nothing that Stardock writes, and what is no JSON."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from stardock.errors import InputErrors, Problem
from stardock.spec import load_spec
from stardock.workspace.facts import load_facts, save_facts
from stardock.workspace.lock import load_lock, save_lock
from tests.unit.workspace.records.full import FACTS, full_lock

pytestmark = [pytest.mark.unit, pytest.mark.proves("hostile 8")]


@pytest.fixture(params=["cluster.lock", "cluster.facts.json"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A sound file of each kind."""
    path: Path = tmp_path / request.param
    if path.suffix == ".lock":
        save_lock(path, full_lock())
    else:
        save_facts(path, FACTS)
    return path


def problem(path: Path) -> Problem:
    """The one problem that reading it tells, within a second."""
    began = time.process_time()
    with pytest.raises(InputErrors) as caught:
        load_lock(path) if path.suffix == ".lock" else load_facts(path, "quickstart")
    assert time.process_time() - began < 1
    assert caught.value.exit_code == 3
    (found,) = caught.value.problems
    assert found.cure
    return found


def test_a_key_that_stands_twice_is_refused_with_both_lines(path: Path) -> None:
    path.write_text(path.read_text().replace('  "cluster": "quickstart"', '  "cluster": "other",\n  "cluster": "quickstart"'))
    lines = path.read_text().splitlines()
    first = lines.index('  "cluster": "other",') + 1
    found = problem(path)
    assert (found.message, found.path, found.line) == (f"this key is here twice, first on line {first}", "cluster", first + 1)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("1.5", "1.5 is not a whole number"),
        ("1e3", "1e3 is not a whole number"),
        ("NaN", "NaN is not a whole number"),
        ("-Infinity", "-Infinity is not a whole number"),
        ("9" * 5000, "is more than anything counts here"),
        ("9007199254740993", "is more than anything counts here"),
        ('"\\ud800"', "half of a character"),
        ('"a\\u0000b"', "a NUL character"),
    ],
)
def test_numbers_and_texts_that_json_has_and_no_file_of_ours_are_refused_at_their_line(path: Path, value: str, words: str) -> None:
    path.write_text(path.read_text().replace('"cluster": "quickstart"', f'"cluster": {value}'))
    line = next(n for n, text in enumerate(path.read_text().splitlines(), 1) if text.startswith('  "cluster"'))
    found = problem(path)
    assert words in found.message
    assert (found.path, found.line) == ("cluster", line)


@pytest.mark.parametrize(
    "deep", ["[" * 500_000, '{"a":' * 500_000, "[" * 50 + "]" * 50, '{"version": 1, "x": ' + "[" * 30 + "]" * 30 + "}"]
)
def test_deep_nesting_is_refused(path: Path, deep: str) -> None:
    path.write_text(deep)
    assert "nested too deeply" in problem(path).message


def test_conflict_marks_are_told_as_such(path: Path) -> None:
    before, cluster, after = path.read_text().partition('  "cluster"')
    path.write_text(f"{before}<<<<<<< HEAD\n{cluster}" + after.replace("}", "=======\n}\n>>>>>>> other", 1))
    found = problem(path)
    assert found.message == "git's conflict marks: two branches met here"
    assert found.line == path.read_text().splitlines().index("<<<<<<< HEAD") + 1
    assert found.cure
    if path.suffix == ".lock":
        assert "the one whose machines exist" in found.cure
        assert "`runner plan`" in found.cure
        assert "git checkout -- " not in found.cure
    else:
        assert "runner discover" in found.cure


def test_conflict_marks_in_cluster_yaml_are_told_as_such(tmp_path: Path) -> None:
    path = tmp_path / "cluster.yaml"
    path.write_text("cluster: a\n<<<<<<< HEAD\nprotect: true\n=======\nprotect: false\n>>>>>>> other\n")
    with pytest.raises(InputErrors) as caught:
        load_spec(path)
    (found,) = caught.value.problems
    assert (found.message, found.line) == ("git's conflict marks: two branches met here", 2)
    assert "`runner plan`" in (found.cure or "")


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _endless(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


def _nowhere(path: Path) -> None:
    path.unlink()
    path.symlink_to("nowhere")


def _large(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(17 << 20)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (_folder, "cannot be read: Is a directory"),
        (_pipe, "cannot be read: It is a device or a pipe"),
        (_endless, "cannot be read: It is a device or a pipe"),
        (_nowhere, "is a symbolic link to nothing"),
        (_large, "has 17 MiB; 16 are the most"),
    ],
)
@pytest.mark.proves("hostile 20")
def test_what_is_no_file_or_never_ends_is_refused(path: Path, make: Callable[[Path], None], words: str) -> None:
    make(path)
    assert words in problem(path).message


@pytest.mark.proves("hostile 20")
def test_a_file_that_is_not_utf_8_is_refused_at_its_line(path: Path) -> None:
    path.write_bytes(b"{\n\xff\xfe}")
    found = problem(path)
    assert (found.message, found.line) == ("this is not UTF-8 text", 2)


def test_of_very_many_problems_the_first_are_told(tmp_path: Path) -> None:
    path = tmp_path / "x.facts.json"
    path.write_text(json.dumps({"cluster": "quickstart", "machines": {f"../{n}": {} for n in range(5000)}}))
    with pytest.raises(InputErrors) as caught:
        load_facts(path, "quickstart")
    assert len(caught.value.problems) == 51


@pytest.mark.parametrize("count", [250_000, 1_000_000])
def test_very_many_values_are_refused_in_seconds(tmp_path: Path, count: int) -> None:
    path = tmp_path / "x.lock"
    machines = ",".join(f'"a{n}":1' for n in range(count))
    path.write_text(f'{{"version": 1, "cluster": "a", "founder": "", "machines": {{{machines}}}}}')
    began = time.process_time()
    with pytest.raises(InputErrors):
        load_lock(path)
    assert time.process_time() - began < 10


def test_a_terminal_obeys_nothing_of_a_message(tmp_path: Path) -> None:
    path = tmp_path / "x.facts.json"
    path.write_text(json.dumps({"cluster": "a\x1b[2Jb", "machines": {"\x1b]0;x\x07": {}}}))
    with pytest.raises(InputErrors) as caught:
        load_facts(path, "quickstart")
    assert all(f"{problem.message}{problem.path}".isprintable() for problem in caught.value.problems)
