"""`runner` itself: exit codes, messages on stderr, start-up."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from stardock import errors
from stardock.cli import main

pytestmark = pytest.mark.unit
DOCUMENT = Path(__file__).parents[3] / "docs" / "exit-codes.md"


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> type[Failing]:
    monkeypatch.setitem(main.COMMANDS, "fail", (f"{__name__}:fail", "Fail."))
    return Failing


class Failing:
    """What the command `fail` raises in this test."""

    error: BaseException = errors.StardockError("unset")

    @classmethod
    def run(cls, error: BaseException, *arguments: str) -> Result:
        cls.error = error
        return CliRunner().invoke(main.runner, [*arguments, "fail"])


@click.command()
def fail() -> None:
    raise Failing.error


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.StardockError("x"), 1),
        (errors.ConditionError("x"), 4),
        (errors.RefusedError("x"), 5),
        (errors.EngineError("x"), 6),
        (errors.InputErrors("c.yaml", ()), 3),
        (KeyboardInterrupt(), 130),
        (click.Abort(), 130),
        (ValueError("x"), 70),
    ],
)
def test_every_kind_of_error_has_its_exit_code_and_the_document_names_it(failing: type[Failing], error: BaseException, code: int) -> None:
    assert failing.run(error).exit_code == code
    assert f"| {code} |" in DOCUMENT.read_text()


@pytest.mark.proves("feature reading cluster.yaml")
def test_problems_of_a_file_are_shown_with_line_key_and_cure(failing: type[Failing]) -> None:
    problems = (errors.Problem("not a known key", "pools[0].cpus", 7, "did you mean `cores`?"), errors.Problem("too few", "pools"))
    result = failing.run(errors.InputErrors("c.yaml", problems))
    assert result.stdout == ""
    assert result.stderr.splitlines() == [
        "c.yaml:7: pools[0].cpus: not a known key",
        "  did you mean `cores`?",
        "c.yaml: pools: too few",
        "error: c.yaml: 2 problems",
    ]


def test_a_cure_of_two_lines_is_indented(failing: type[Failing]) -> None:
    result = failing.run(errors.ConditionError("no token", cure="one\ntwo"))
    assert result.stderr.splitlines() == ["error: no token", "  one", "  two"]


def test_an_unexpected_error_is_one_line_and_how_to_see_more(failing: type[Failing]) -> None:
    result = failing.run(ValueError("first\nsecond"))
    assert "error: ValueError: first\n" in result.stderr
    assert "--debug" in result.stderr
    assert "Traceback" not in result.stderr


def test_debug_shows_the_traceback(failing: type[Failing]) -> None:
    result = failing.run(errors.EngineError("boom"), "--debug")
    assert "Traceback" in result.stderr
    assert result.exit_code == 6


def test_a_misspelt_command_gets_a_suggestion() -> None:
    result = CliRunner().invoke(main.runner, ["plam"])
    assert result.exit_code == 2
    assert "Did you mean 'plan'?" in result.stderr


@pytest.mark.parametrize("word", ["destroy", "down", "teardown", "undeploy", "uninstall", "reset", "purge", "clean", "rollback"])
def test_a_word_for_taking_down_is_answered_with_the_way_and_with_no_other_command(word: str) -> None:
    result = CliRunner().invoke(main.runner, [word])
    assert result.exit_code == 2
    assert "no command that takes a cluster down" in result.stderr
    assert "docs/take-down.md" in result.stderr
    assert "Did you mean" not in result.stderr
    assert (DOCUMENT.parent / "take-down.md").is_file()


@pytest.mark.parametrize(
    ("word", "words"),
    [
        ("remove", "`remove:`"),
        ("apply", "`runner deploy`"),
        ("validate", "`runner plan`"),
        ("upgrade", "distribution.version"),
        ("add", "its pool"),
    ],
)
def test_a_command_of_other_tools_is_answered_with_ours(word: str, words: str) -> None:
    result = CliRunner().invoke(main.runner, [word])
    assert result.exit_code == 2
    assert words in result.stderr


@pytest.mark.parametrize(
    ("command", "option", "meant"),
    [
        ("deploy", "--replce", "--replace"),
        ("bootstrap", "--found-agian", "--found-again"),
        ("deploy", "--flie", "--file"),
        ("deploy", "--force", ""),
        ("deploy", "--no-yes", ""),
        ("deploy", "--accept", ""),
        ("bootstrap", "--found", ""),
        ("deploy", "--remove", ""),
    ],
)
def test_an_option_that_destroys_or_gives_up_a_guard_is_suggested_for_a_slip_of_the_finger_only(
    command: str, option: str, meant: str
) -> None:
    said = CliRunner().invoke(main.runner, [command, option]).stderr
    assert f"No such option '{option}'" in said
    grave = ("--replace", "--found-again", "--yes", "--accept-loss")
    assert [one for one in (*grave, "--file") if f"'{one}'" in said and one in {*grave, meant}] == ([meant] if meant else [])


def test_help_starts_fast_and_imports_no_command() -> None:
    script = "import sys, stardock.cli.main as m; m.runner.main(['--help'], standalone_mode=False); print(*sys.modules, file=sys.stderr)"
    began = time.monotonic()
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    # 150 ms is the figure on an idle machine (bench/); here only a gross slip shows.
    assert time.monotonic() - began < 2
    loaded = set(done.stderr.split())
    assert not loaded & {"pydantic", "ruamel.yaml", "rich", "requests", "proxmoxer", "cdktf", "jsii", "ansible", "ansible_runner"}
    assert {name for name in loaded if name.startswith("stardock.cli.")} == {
        f"stardock.cli.{name}" for name in ("main", "told", "foreign_options")
    }
