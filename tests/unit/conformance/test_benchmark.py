"""How facts of nodes are read, and what becomes of a control."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.benchmark import Found, Judged, judged, parsed

pytestmark = pytest.mark.unit
SPEC: dict[str, Any] = {"commands": [{"id": "CMD-1", "key": "mode"}, {"id": "CMD-2", "key": "other"}]}


@pytest.mark.parametrize(("said", "values"), [
    ("600\n", [600]), ("root:root\netcd:etcd\n", ["root:root", "etcd:etcd"]), ("", []), ("true\n", ["true"]),
    ("[^\"]\\S*'\n", []),  # grep has found its own line among the processes
])  # fmt: skip
def test_lines_are_values_and_numbers_are_numbers(said: str, values: list[int | str]) -> None:
    assert parsed(said) == values


def control(checks: list[str], commands: list[str]) -> dict[str, Any]:
    named = [[{"id": each} for each in names] or None for names in (checks, commands)]
    return {"name": "Ensure  that", "checks": named[0], "commands": named[1]}


@pytest.mark.parametrize(("checks", "commands", "values", "status"), [
    (["A"], ["CMD-1"], {"mode": [600]}, "PASS"), (["A"], ["CMD-1"], {"mode": []}, "nothing found"), (["A"], ["CMD-1"], {}, "nothing found"),
    (["A"], [], {}, "PASS"), ([], [], {}, "by hand"), (["KSV-0038"], [], {}, "nothing found"), (["C"], [], {}, "nothing found"),
    (["A", "B"], ["CMD-1"], {"mode": [600]}, "FAIL"),
])  # fmt: skip
def test_a_control_passes_only_where_something_was_looked_at(
    checks: list[str], commands: list[str], values: dict[str, list[int | str]], status: str
) -> None:
    verdicts: dict[str, dict[str, str]] = {"A": {}, "B": {"NodeInfo_a": "no"}, "KSV-0038": {}}
    one = judged(SPEC, control(checks, commands), verdicts, [Found("a", values)], {"Pod"})
    assert one == Judged("Ensure that", status, {"NodeInfo_a": "no"} if status == "FAIL" else {})
