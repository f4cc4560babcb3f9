"""How long is waited for machines: as their system says, unless somebody says otherwise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from stardock.cli.main import runner
from stardock.playbooks.bootstrap import Bootstrap, Options
from stardock.playbooks.progress import Log, Watcher
from stardock.playbooks.subject import OfWorkspace
from stardock.playbooks.workplace import Workplace
from stardock.workspace.workspace import open_workspace
from tests.plans import document
from tests.synth.running import write_cluster

pytestmark = [pytest.mark.unit, pytest.mark.proves("reality B15")]


@pytest.fixture
def slow(tmp_path: Path) -> Path:
    return write_cluster(tmp_path, document() | {"image": {"system": "microos"}})


def variables(cluster: Path, options: Options) -> dict[str, Any]:
    with Log(cluster.with_suffix(".log")) as log:
        place = Workplace(cluster.parent, cluster.with_suffix(".log"))
        return Bootstrap(OfWorkspace(open_workspace(cluster)), options, place, Watcher(_Silent(), log, frozenset()))._variables()


class _Silent:
    """Shows nothing."""

    def stage_begins(self, stage: str) -> None:
        """Nothing."""

    def stage_ends(self, stage: str, seconds: float, changed: dict[str, int]) -> None:
        """Nothing."""

    def machine_does(self, machine: str, task: str, changes: int) -> None:
        """Nothing."""


def test_bootstrap_leaves_the_wait_for_ssh_to_the_machines_unless_it_is_said(slow: Path) -> None:
    assert "reachable_timeout" not in variables(slow, Options())
    assert variables(slow, Options(timeout=7))["reachable_timeout"] == 7


@pytest.mark.parametrize(("words", "seconds"), [((), "1200 s"), (("--timeout", "7"), "7 s")])
@pytest.mark.parametrize("command", ["discover", "deploy"])
def test_discover_and_deploy_say_how_long_they_wait(slow: Path, command: str, words: tuple[str, ...], seconds: str) -> None:
    done = CliRunner().invoke(runner, [command, "-f", str(slow), "--dry-run", *words], env={"STARDOCK_LOCK": "write"})
    assert f"waiting up to {seconds}" in done.output, done.output
