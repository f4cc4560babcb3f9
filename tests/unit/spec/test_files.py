"""Files that are no cluster.yaml at all: absent, empty, no text, no mapping, without end."""

from __future__ import annotations

from pathlib import Path

import pytest

from stardock.errors import InputErrors
from stardock.spec import load_spec
from tests.unit.spec.conftest import Problems, only

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("text", ["", "\n", "# only a comment\n", "---\n", "---\n...\n"])
def test_an_empty_file(problems: Problems, text: str) -> None:
    assert only(problems(text)).message == "the file is empty"


@pytest.mark.parametrize(("text", "what"), [("- a\n", "a list"), ("cluster\n", "one value"), ("42\n", "one value")])
def test_a_file_that_is_no_mapping(problems: Problems, text: str, what: str) -> None:
    assert only(problems(text)).message == f"the file is {what}, not a mapping of keys"


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputErrors) as caught:
        load_spec(tmp_path / "cluster.yaml")
    assert "no such file" in caught.value.problems[0].message
    assert "runner init" in (caught.value.problems[0].cure or "")


def test_a_file_that_is_not_text(tmp_path: Path) -> None:
    file = tmp_path / "cluster.yaml"
    file.write_bytes(b"cluster: a\nimage: \xff\xfe\n")
    with pytest.raises(InputErrors) as caught:
        load_spec(file)
    assert only(list(caught.value.problems)).line == 2


def test_a_folder_in_place_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(InputErrors) as caught:
        load_spec(tmp_path)
    assert "cannot be read" in caught.value.problems[0].message


def test_a_control_character_is_named_with_its_line(problems: Problems) -> None:
    found = only(problems("cluster: a\nimage: \x07\n"))
    assert (found.line, found.message) == (2, "a control character (U+0007)")


def test_an_alias_inside_of_itself(problems: Problems) -> None:
    assert any("alias stands inside" in problem.message for problem in problems("cluster: &a [*a]\n"))


def test_aliases_that_unfold_without_end(problems: Problems) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    assert "unfolds to more than" in only(problems("\n".join(lines))).message


def test_nesting_without_end(problems: Problems) -> None:
    assert "nested too deeply" in only(problems("a: " + "[" * 5000)).message
