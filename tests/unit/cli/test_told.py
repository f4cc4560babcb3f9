"""What a command tells: `runner` commands for the file that it was given, and no control character of anybody's."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from rich.table import Table
from rich.text import Text

from stardock.cli import main
from stardock.cli.screen import shown
from stardock.cli.told import FILE, brief, say
from stardock.errors import ConditionError, InputErrors, Problem
from tests.plans import document

pytestmark = pytest.mark.unit
CURE = (
    "run `runner deploy --replace agent1`, or runner lock accept agent1; then runner image pin # or not. `runner lab up`, `runner schema`"
)


@click.command()
@FILE
@click.option("--fail", is_flag=True)
def tell(file: Path | None, fail: bool) -> None:
    say(CURE)
    if fail:
        raise InputErrors(str(file), (Problem("bad", cure="runner plan, then `runner deploy -f X`"),))


@pytest.fixture(autouse=True)
def command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(main.COMMANDS, "tell", (f"{__name__}:tell", "Tell."))


def test_a_command_in_a_message_names_the_file_that_the_person_named() -> None:
    done = CliRunner().invoke(main.runner, ["tell", "-f", "my clusters/a.yaml", "--fail"])
    file = "-f 'my clusters/a.yaml'"
    assert f"run `runner deploy {file} --replace agent1`, or runner lock accept {file} agent1" in done.output
    assert f"then runner image pin {file} # or not. `runner lab up`, `runner schema`" in done.output
    assert f"runner plan {file}, then `runner deploy -f X`" in done.output


def test_a_command_in_a_message_stays_as_it_is_where_no_file_was_named() -> None:
    assert CURE in CliRunner().invoke(main.runner, ["tell"]).output
    assert CURE in CliRunner().invoke(main.runner, ["tell", "-f", "cluster.yaml"]).output
    assert CURE in CliRunner().invoke(main.runner, ["tell"], env={"STARDOCK_FILE": "b.yaml"}).output
    assert (
        "deploy -f cluster.yaml" in CliRunner().invoke(main.runner, ["tell", "-f", "cluster.yaml"], env={"STARDOCK_FILE": "b.yaml"}).output
    )


def test_a_file_that_is_found_anyway_is_not_repeated_however_it_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert CURE in CliRunner().invoke(main.runner, ["tell", "-f", "./cluster.yaml"]).output
    assert CURE in CliRunner().invoke(main.runner, ["tell", "-f", str(tmp_path / "cluster.yaml")]).output
    named = {"STARDOCK_FILE": "clusters/b.yaml"}
    assert CURE in CliRunner().invoke(main.runner, ["tell", "-f", "clusters/b.yaml"], env=named).output
    assert CURE in CliRunner().invoke(main.runner, ["tell", "-f", str(tmp_path / "clusters/b.yaml")], env=named).output


def test_the_cure_of_a_bootstrap_without_facts_can_be_copied(tmp_path: Path) -> None:
    file = tmp_path / "it's mine.yaml"
    data = document()
    file.write_text(json.dumps(data))
    done = CliRunner().invoke(main.runner, ["bootstrap", "-f", str(file)])
    assert done.exit_code == ConditionError.exit_code, done.output
    assert f"runner discover -f '{tmp_path}/it'\"'\"'s mine.yaml'" in done.output


def test_tables_and_lines_of_a_view_are_told_the_same_way(capsys: pytest.CaptureFixture[str]) -> None:
    table = Table("a\x1b[2Jb")
    table.add_row("x\x1b]52;c;cm0=\x07y", Text("c\rd", style="red"))
    shown([table, Text("e\u202ef", style="bold")])
    told = capsys.readouterr().out
    assert all(one.isprintable() or one == "\n" for one in told), repr(told)
    assert "e?f" in told


@pytest.mark.parametrize("odd", ["\x1b]52;c;cm0=\x07", "\x1b[2J", "a\rb", "\u202egnp", "\x9b31m", "\u2066x", "\ud800"])
def test_what_is_told_has_no_control_character(odd: str, capsys: pytest.CaptureFixture[str]) -> None:
    say(f"name: {odd}\n\tnext")
    shown = capsys.readouterr().out
    assert shown.startswith("name: ")
    assert shown.endswith("\n\tnext\n")
    assert all(one.isprintable() or one in "\n\t" for one in shown)


def test_a_value_of_a_machine_or_of_proxmox_is_no_flood() -> None:
    assert brief("x" * 200) == "x" * 200
    assert brief("x" * 5_000_000) == "x" * 197 + "..."
