"""What `runner plan` says of 200 machines at once: each thing on one line, names and values folded."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from stardock.cli.main import runner
from stardock.workspace.lock import save_lock
from tests.plans import plan_of
from tests.terminal import COMMAND
from tests.unit.plan.clusters import cluster, numbered, pool

pytestmark = pytest.mark.unit

NAMES = "agent1..agent193 (193)"


@pytest.fixture
def data() -> dict[str, Any]:
    return cluster(["pve1", "pve2", "pve3"], server=numbered("s", 3, 1), agent=numbered("agent", 193, 1))


def plan(folder: Path, before: dict[str, Any] | None, now: dict[str, Any], *options: str) -> Result:
    if before is not None:
        save_lock(folder / "cluster.lock", plan_of(before)[1])
    (folder / "cluster.yaml").write_text(json.dumps(now))
    return CliRunner().invoke(runner, ["plan", "-f", str(folder / "cluster.yaml"), *options])


def test_what_only_a_replacement_brings_is_a_row_for_machines_that_want_the_same(tmp_path: Path, data: dict[str, Any]) -> None:
    pool(data, "agent")["disk"] = "20GiB"
    now = json.loads(json.dumps(data))
    pool(now, "agent")["disk"] = "10GiB"
    rows = [line.split() for line in plan(tmp_path, data, now).stdout.splitlines() if " disk " in line]
    assert rows == [["agent1..agent193", "(193)", "disk", "20GiB", "10GiB"]]


def test_values_that_count_up_with_the_names_are_a_row_too(tmp_path: Path, data: dict[str, Any]) -> None:
    now = json.loads(json.dumps(data))
    pool(now, "agent")["machines"] = [{"name": f"agent{n}", "vm_id": 7000 + n} for n in range(1, 194)]
    said = plan(tmp_path, data, now).stdout
    rows = [line.split() for line in said.splitlines() if " vm_id " in line]
    assert rows == [["agent1..agent193", "(193)", "vm_id", "3000..3192", "7001..7193"]]


def test_machines_that_no_pool_names_any_more_are_one_warning(tmp_path: Path, data: dict[str, Any]) -> None:
    now = json.loads(json.dumps(data))
    pool(now, "agent")["machines"] = ["agent1"]
    warned = [line for line in plan(tmp_path, data, now).stderr.splitlines() if "no pool names" in line]
    assert len(warned) == 1
    assert "agent2..agent193 (192)" in warned[0]
    rows = [line for line in plan(tmp_path, None, now).stdout.splitlines() if "not in cluster.yaml" in line]
    assert [row.split("  ")[1] for row in rows] == ["agent2..agent193 (192, not in cluster.yaml)"]


def test_machines_that_ha_would_move_without_their_disks_are_one_problem(tmp_path: Path, data: dict[str, Any]) -> None:
    pool(data, "agent")["ha"] = {}
    done = plan(tmp_path, None, data)
    assert done.exit_code == 3
    problems = [line for line in done.stderr.splitlines() if "HA moves" in line]
    assert len(problems) == 1, done.stderr
    assert NAMES in problems[0]


def test_views_fold_names_as_the_plan_does(tmp_path: Path, data: dict[str, Any]) -> None:
    one = cluster(["pve1"], server=["s1"], agent=numbered("agent", 193, 1))
    assert NAMES in plan(tmp_path, None, one, "--if-lost").stdout
    (tmp_path / "cluster.yaml").unlink()
    lost = plan(tmp_path, None, data, "--if-lost").stdout
    assert "66 (1 server, 65 agents)" in lost


def test_a_reader_that_has_enough_ends_the_command_as_sigpipe_would_and_nothing_is_said(tmp_path: Path, data: dict[str, Any]) -> None:
    (tmp_path / "cluster.yaml").write_text(json.dumps(data))
    for words in (("plan", "--all"), ("plan", "--format", "json"), ("schema",), ("--help",), ("plan", "--help")):
        process = subprocess.Popen([*COMMAND, *words], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()  # as `| head -1` does, only sooner
        said = process.stderr.read().decode()
        assert process.wait() == 141, words
        assert said == "", words
