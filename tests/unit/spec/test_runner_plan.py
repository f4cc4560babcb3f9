"""The same bad input on the real command line: exit code 3, `file:line: key: message`, its cure, and nothing written."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from stardock.cli.main import runner
from tests.unit.spec.conftest import example
from tests.unit.spec.test_bad_input import CASES

pytestmark = pytest.mark.unit


def refused(file: Path, text: str) -> list[str]:
    """The lines that `runner plan` says to stderr about a file that it refuses, without having written anything."""
    file.write_text(text)
    before = {path: path.read_bytes() for path in file.parent.iterdir()}
    result = CliRunner().invoke(runner, ["plan", "-f", str(file)])
    assert (result.exit_code, result.stdout) == (3, "")
    assert {path: path.read_bytes() for path in file.parent.iterdir()} == before
    return result.stderr.splitlines()


@pytest.mark.proves("feature reading cluster.yaml")
@pytest.mark.parametrize("case", CASES)
def test_runner_plan_refuses_with_line_and_cure(file: Path, case: str) -> None:
    edit, blamed, path, message, cure = CASES[case]
    text = example("quickstart", edit)
    lines = [number for number, content in enumerate(text.splitlines(), 1) if blamed.strip() in content]
    said = refused(file, text)
    start = tuple(f"{file}:{number}: {path and path + ': '}" for number in lines)
    at = next((number for number, content in enumerate(said) if content.startswith(start) and message in content), None)
    assert at is not None, said
    assert cure in said[at + 1]


def test_runner_plan_refuses_an_empty_file(file: Path) -> None:
    assert refused(file, "") == [
        f"{file}:1: the file is empty",
        "  delete it, and `runner init` writes a first one; or begin with examples/single/cluster.yaml",
        f"error: {file}: 1 problem",
    ]
