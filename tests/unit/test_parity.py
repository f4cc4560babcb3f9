"""docs/parity.md and docs/features.md: each row once, and nothing ticked that no test proves."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"\| (\d+) \| ([^|]*) \| ([^|]*) \| ([^|]*) \|")
STATES = {"works", "changed", "rendered only", "not yet"}


#: Page -> the numbers of its rows: the origin's, and groups F, G, J, K, L of the comparison with its peers.
PAGES = {"parity.md": [*range(1, 122), 128, 129], "features.md": [*range(56, 77), *range(101, 120), 129]}


def rows(page: str) -> Iterator[tuple[int, str, list[str], str]]:
    """(number, state, tests, what and remark)."""
    for line in (ROOT / "docs" / page).read_text(encoding="utf-8").splitlines():
        if found := ROW.fullmatch(line):
            yield int(found[1]), found[2], re.findall(r"`([^`]*)`", found[3]), found[4]


@cache
def collected(path: Path) -> frozenset[str]:
    """The test functions of a file that pytest would collect."""
    return frozenset(
        node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    )


@pytest.mark.parametrize("page", PAGES)
def test_every_row_is_there_once(page: str) -> None:
    assert [number for number, *_ in rows(page)] == PAGES[page]


@pytest.mark.parametrize(
    ("number", "state", "tests", "remark"),
    [row for page in PAGES for row in rows(page)],
    ids=lambda part: str(part) if isinstance(part, int) else "",
)
def test_a_row_that_is_ticked_names_tests_that_exist(number: int, state: str, tests: list[str], remark: str) -> None:
    assert state in STATES
    assert bool(tests) == (state != "not yet")
    assert remark
    for test in tests:
        path, _, name = test.partition("::")
        assert (ROOT / "tests" / path).is_file(), f"row {number}: {path}"
        assert name in collected(ROOT / "tests" / path), f"row {number}: {test}"
