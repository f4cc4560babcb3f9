"""What stands on any terminal: ASCII alone, help that is not cut, JSON with all that the tables show."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from stardock.cli.main import COMMANDS, runner
from tests.plans import document
from tests.terminal import in_terminal, piped

pytestmark = pytest.mark.unit

VIEWS = ["plan", "plan --all", "plan --capacity", "plan --if-lost", "plan --addresses", "plan --windows", "rebalance", "doctor"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "cluster.yaml").write_text(json.dumps(document()))
    return tmp_path


@pytest.mark.parametrize("view", VIEWS)
def test_what_is_printed_is_ascii_whatever_the_locale(folder: Path, view: str) -> None:
    for environ in ({"LC_ALL": "C"}, {"LC_ALL": "C.UTF-8"}, {"TERM": "dumb"}):
        through = piped(*view.split(), cwd=folder, environ=environ)
        _, shown = in_terminal(*view.split(), cwd=folder, environ=environ)
        assert (through.stdout + through.stderr + shown).isascii()


@pytest.mark.proves("feature doctor")
def test_the_table_of_doctor_is_as_readable_in_a_pipe_as_in_a_terminal(folder: Path) -> None:
    table, _, cures = piped("doctor", cwd=folder).stdout.partition("\nproblem: ")
    assert cures
    assert max(map(len, table.splitlines())) <= 100


def test_a_dumb_terminal_gets_no_escape_sequence(folder: Path) -> None:
    for view in VIEWS:
        assert "\x1b" not in in_terminal(*view.split(), cwd=folder, environ={"TERM": "dumb"})[1]


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "lab"])
def test_no_line_of_help_is_cut_at_80_columns(name: str) -> None:
    command = runner.get_command(click.Context(runner), name)
    assert command is not None
    said = CliRunner().invoke(runner, [name, "--help"]).stdout
    assert max(map(len, said.splitlines())) <= 80
    if isinstance(command, click.Group):
        assert not [line for line in said.splitlines() if line.endswith("...") and not line.startswith("Usage")]


def test_the_document_of_addresses_has_those_that_no_machine_may_have(folder: Path) -> None:
    found = json.loads(piped("plan", "--addresses", "--format", "json", cwd=folder).stdout)
    assert {"address": "192.168.1.40", "of": "the VIP"} in found["taken"]
