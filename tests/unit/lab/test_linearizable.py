"""The judge of histories finds what is not linearizable (tools/linearizable)."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from lab.cache import cache_root

pytestmark = pytest.mark.unit

PROGRAM = cache_root() / "tools/linearizable/current/bin/linearizable"


def operation(value: str, begin: int, end: int, *, write: bool = False, client: int = 0) -> dict[str, Any]:
    return {"client": client, "key": "a", "write": write, "value": value, "begin": begin, "end": end}


ONE_AND_TWO = [operation("1", 1, 2, write=True), operation("2", 3, 4, write=True)]


@pytest.mark.parametrize(
    ("further", "judged"),
    [
        ([operation("2", 5, 6)], "yes"),
        ([operation("1", 5, 6)], "no"),  # an old value
        ([operation("3", 5, 6)], "no"),  # nobody wrote it
        ([operation("1", 3, 5, client=1)], "yes"),  # at the same time as the second write
        ([operation("3", 5, 0, write=True), operation("3", 7, 8)], "yes"),  # nobody knows, and it was done
        ([operation("3", 5, 0, write=True), operation("2", 7, 8)], "yes"),  # or it was not
        ([operation("3", 5, 0, write=True), operation("3", 7, 8), operation("2", 9, 10)], "no"),  # but not both
    ],
)
def test_a_history_is_linearizable_or_not(further: list[dict[str, Any]], judged: str, tmp_path: Path) -> None:
    file = tmp_path / "history.json"
    file.write_text(json.dumps([*ONE_AND_TWO, *further]))
    done = subprocess.run([str(PROGRAM), "--history", str(file)], capture_output=True, text=True, check=False)
    assert json.loads(done.stdout)["linearizable"] == judged
    assert done.returncode == (0 if judged == "yes" else 2)
