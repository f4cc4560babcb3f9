"""Terraform's files of variables: values, lines, and faults that do not stop the reading."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stardock.importers.tfvars import read_tfvars
from tests.starbase import TFVARS

pytestmark = pytest.mark.unit


def test_values_and_the_line_of_each() -> None:
    tree = read_tfvars('a = {\n  "x y" = "v\\"é $${z}" # why\n  b-c : [1, -2.5, true, null,]\n}\nd = "last"')
    assert tree.data == {"a": {"x y": 'v"é ${z}', "b-c": [1, -2.5, True, None]}, "d": "last"}
    assert (tree.lines["a", "x y"], tree.lines["a", "b-c", 3], tree.lines["d",]) == (2, 3, 5)
    assert tree.problems == []


def test_what_is_no_value_is_told_with_its_line_and_the_rest_is_read() -> None:
    tree = read_tfvars('a = 1\nb = upper("x")\nc = "${d}"\nresource "x" "y" {}\na = 2\n')
    assert tree.data == {"a": 2, "b": None, "c": None}
    assert [(problem.line, problem.path) for problem in tree.problems] == [(2, "b"), (3, "c"), (4, ""), (5, "a")]


@pytest.mark.parametrize("broken", ["b = [1,\n 2 3]", "b = {\n x = }", "b = {\n", 'b = "open\n', "b = = 1"])
def test_an_assignment_that_cannot_be_parsed_is_left_out_and_the_rest_is_read(broken: str) -> None:
    tree = read_tfvars(f"a = 1\n{broken}\nc = 3\n")
    assert tree.data["a"] == 1
    assert "b" not in tree.data
    assert any("left out: lines 2" in (problem.cure or "") for problem in tree.problems)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_text_is_a_traceback(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(TFVARS)))
    end = data.draw(st.integers(start, min(len(TFVARS), start + 80)))
    read_tfvars(TFVARS[:start] + data.draw(st.text(max_size=6)) + TFVARS[end:])
