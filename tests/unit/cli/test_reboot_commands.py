"""`runner plan --windows` and `runner kured`: the reboot plan for a person and for a program; nothing is written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from ruamel.yaml import YAML

from stardock.cli.main import runner
from tests.plans import document
from tests.synth.running import write_cluster

pytestmark = pytest.mark.unit


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_cluster(tmp_path, document())


def run(file: Path, command: str, *arguments: str) -> Result:
    result = CliRunner().invoke(runner, [command, "-f", str(file), *arguments])
    assert [path.name for path in file.parent.iterdir()] == [file.name]
    return result


def test_windows_shows_a_row_a_machine_with_who_reboots_it(file: Path) -> None:
    said = run(file, "plan", "--windows", "2026-11-18").stdout
    assert "Reboots on Wednesday 2026-11-18 (UTC)" in said
    rows = {words[0]: words for words in map(str.split, said.splitlines()) if words and words[0] in ("lb2", "server1")}
    assert rows["lb2"] == ["lb2", "loadbalancer", "itself", "17:15", "18:15", "17:15", "18:15"]
    assert rows["server1"] == ["server1", "server", "kured,", "drained", "18:15", "23:00", "18:15", "23:00"]


def test_windows_as_json_has_moments_with_their_offset(file: Path) -> None:
    shown = json.loads(run(file, "plan", "--windows", "2026-11-18", "--format", "json").stdout)
    assert (shown["cluster"], shown["day"], shown["timezone"]) == ("quickstart", "2026-11-18", "UTC")
    lb1 = {"machine": "lb1", "role": "loadbalancer", "by": "itself"}
    assert shown["windows"][0] == {**lb1, "start": "2026-11-18T17:00:00+00:00", "end": "2026-11-18T18:00:00+00:00"}
    assert len(shown["windows"]) == 6


def test_windows_of_a_day_that_is_none_is_a_usage_error_and_today_is_the_default(file: Path) -> None:
    assert run(file, "plan", "--windows", "tomorrow").exit_code == 2
    assert "Reboots on" in run(file, "plan", "--windows").stdout


@pytest.mark.parametrize("form", ["values", "argocd"])
def test_kured_prints_yaml_that_begins_with_its_pins(file: Path, form: str) -> None:
    said = run(file, "kured", "--format", form).stdout
    assert said.startswith("# kured: chart 6.1.0 of https://kubereboot.github.io/charts\n")
    assert isinstance(YAML(typ="safe").load(said), dict)
