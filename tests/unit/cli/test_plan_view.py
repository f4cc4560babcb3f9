"""`runner plan` as a new user sees it: at 80 columns, through a pipe, without colours, without a terminal, and of 200 machines."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from stardock.cli.main import runner
from stardock.fold import fold
from tests.plans import document, plan_of
from tests.terminal import in_terminal, piped
from tests.unit.plan.clusters import cluster, numbered

pytestmark = pytest.mark.unit

WIDTH = 80
ESCAPE = "\x1b"
STYLE = r"\x1b\[[0-9;]*m"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path, document())


def write(folder: Path, data: dict[str, Any]) -> Path:
    (folder / "cluster.yaml").write_text(json.dumps(data))
    return folder


def what_matters(data: dict[str, Any]) -> set[str]:
    """Names, PVE nodes, VM ids, addresses."""
    machines = plan_of(data)[0].machines
    return {word for one in machines for word in (one.name, one.pve_node, str(one.vm_id), one.address or "DHCP")}


def test_at_80_columns_nothing_that_matters_is_cut_and_the_machines_fit(folder: Path) -> None:
    code, shown = in_terminal("plan", cwd=folder, columns=WIDTH)
    assert code == 0, shown
    assert what_matters(document()) <= set(shown.split())
    assert "…" not in shown
    table = shown[: shown.index("Compared with")].splitlines()[2:]
    assert max(map(len, table)) <= WIDTH


def test_long_names_are_wider_than_the_terminal_rather_than_cut(tmp_path: Path) -> None:
    data = document()
    data["pools"][1]["machines"] = [f"{'kubernetes-control-plane-' * 2}{n}" for n in (1, 2, 3)]
    for node in data["proxmox"]["nodes"]:
        node["name"] = f"proxmox-in-the-cellar-{node['name']}"
    _, shown = in_terminal("plan", cwd=write(tmp_path, data), columns=40)
    assert what_matters(data) <= set(shown.split())


@pytest.mark.parametrize("view", [("--capacity",), ("--addresses",), ("--if-lost",), ("--windows", "2026-11-18")])
def test_no_view_cuts_a_name_an_address_or_an_id(folder: Path, view: tuple[str, ...]) -> None:
    wide = {word for word in piped("plan", *view, cwd=folder).stdout.split() if word.strip("-")}
    code, shown = in_terminal("plan", *view, cwd=folder, columns=40)
    assert code == 0, shown
    assert "…" not in shown
    assert wide <= set(re.sub(STYLE, "", shown).split())


def test_a_pipe_shows_what_a_terminal_shows_without_wrapping_and_without_colour(folder: Path) -> None:
    through = piped("plan", cwd=folder, environ={"COLUMNS": "30"})
    assert through.returncode == 0, through.stderr
    assert ESCAPE not in through.stdout + through.stderr
    assert through.stdout.splitlines()[1].startswith("rke2 v1.36.5+rke2r1; first server server1; VIP 192.168.1.40")
    wishes = document()
    wishes["pools"][2]["machines"] = [{"name": "agent1", "description": "word " * 60}]
    said = piped("plan", cwd=write(folder, wishes), environ={"COLUMNS": "30"}).stdout
    assert all(len(line) < WIDTH or " " in line for line in said.splitlines())


def test_no_color_is_honoured_in_a_terminal(folder: Path) -> None:
    for view in ((), ("--capacity",)):
        _, shown = in_terminal("plan", *view, cwd=folder, environ={"NO_COLOR": "1"})
        colours = [part.partition("m")[0] for part in shown.split(f"{ESCAPE}[")[1:]]
        assert [colour for colour in colours if any(30 <= int(code or 0) <= 107 for code in colour.split(";") if code.isdigit())] == []


def test_only_machines_that_reboot_themselves_show_a_window(folder: Path) -> None:
    said = piped("plan", cwd=folder).stdout.splitlines()
    assert next(line for line in said if line.startswith("  lb1 ")).endswith("17:00-18:00 UTC")
    assert next(line for line in said if line.startswith("  server1 ")).endswith("192.168.1.50")
    without = document("single")
    assert "reboots itself" not in piped("plan", cwd=write(folder, without)).stdout


def test_200_machines_are_readable_and_all_of_them_are_there_when_asked_for(tmp_path: Path) -> None:
    data = cluster(["pve1", "pve2", "pve3"], server=numbered("s", 5, 1), agent=numbered("agent", 193, 1), loadbalancer=["lb1", "lb2"])
    said = CliRunner().invoke(runner, ["plan", "-f", str(write(tmp_path, data) / "cluster.yaml")]).stdout
    lines = said.splitlines()
    assert len(lines) < 30
    row = next(line.split() for line in lines if line.startswith("  agent1"))
    assert row == ["agent1..agent193", "(193)", "pve1,", "pve2,", "pve3", "3000..3192", "10.0.11.184..10.0.12.120"]
    assert "  + agent1..agent193 (193): agent" in lines
    assert max(map(len, lines[3 : lines.index("", 3)])) <= WIDTH
    every = CliRunner().invoke(runner, ["plan", "--all", "-f", str(tmp_path / "cluster.yaml")]).stdout
    assert what_matters(data) <= set(every.split())


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ([], ""),
        (["a"], "a"),
        (["a1", "a2"], "a1, a2"),
        (["a1", "a2", "a3"], "a1..a3 (3)"),
        (["a8", "a9", "a10", "a11"], "a8..a11 (4)"),
        (["a08", "a09", "a10"], "a08..a10 (3)"),
        (["a1", "a2", "b3", "b4", "b5"], "a1, a2, b3..b5 (3)"),
        (["a1", "a3", "a5"], "a1, a3, a5"),
        (["web", "db", "db"], "web, db, db"),
        (["a9", "a010"], "a9, a010"),
    ],
)
def test_names_fold(names: list[str], words: str) -> None:
    assert fold(names) == words


def test_where_the_terminal_knows_no_dash_nothing_breaks(tmp_path: Path) -> None:
    done = piped("plan", cwd=write(tmp_path, document()), environ={"PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0, done.stderr
    assert "server1..server3 (3)" in done.stdout


def test_without_a_terminal_the_last_line_is_the_last_of_all(folder: Path) -> None:
    done = piped("plan", cwd=folder)
    assert done.stdout.splitlines()[-1].startswith("Plan: 6 to create")


def test_the_views_take_no_option_of_the_plan_itself(folder: Path) -> None:
    done = piped("plan", "--addresses", "--detailed-exitcode", cwd=folder)
    assert done.returncode == 2
    assert "--detailed-exitcode" in done.stderr
