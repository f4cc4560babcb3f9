"""`runner runs`: what a bootstrap leaves for it, however it ends, and what it shows of that."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from stardock.bundle.about import about
from stardock.cli.main import runner
from stardock.errors import EngineError
from stardock.model.runs import PastRun, StageRun
from stardock.verbs.recording import Recorder, recorded
from stardock.workspace.runs import MOST, load_runs, save_runs
from stardock.workspace.workspace import Workspace, open_workspace
from tests.plans import PUBLIC_KEY, ROOT

pytestmark = [pytest.mark.unit, pytest.mark.proves("feature runs")]


class Silent:
    """Shows nothing."""

    def stage_begins(self, stage: str) -> None: ...

    def stage_ends(self, stage: str, seconds: float, changed: dict[str, int]) -> None: ...

    def machine_does(self, machine: str, task: str, changes: int) -> None: ...


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    (tmp_path / "id_ed25519.pub").write_text(f"{PUBLIC_KEY}\n")
    file = tmp_path / "cluster.yaml"
    file.write_text((ROOT / "examples/single/cluster.yaml").read_text())
    return open_workspace(file)


def work(recorder: Recorder) -> None:
    recorder.stage_ends("running", 1, {})
    recorder.stage_ends("machines", 1.25, {"server1": 2, "agent1": 1})


def test_stages_are_kept_with_their_times_and_changes(workspace: Workspace) -> None:
    with recorded(workspace.files.runs, about(workspace.plan, workspace.facts), Silent(), print, check=False) as recorder:
        work(recorder)
        recorder.ended = "done"
    (run,) = load_runs(workspace.files.runs)
    assert run.stages == (StageRun(name="machines", milliseconds=1250, changed=3),)
    assert (run.ended, run.machines, run.release) == ("done", 1, workspace.plan.distribution.version)
    assert workspace.files.runs.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(("error", "ended"), [(EngineError("x"), "failed"), (KeyboardInterrupt(), "stopped"), (SystemExit(143), "stopped")])
def test_a_run_that_does_not_end_well_is_kept_too(workspace: Workspace, error: BaseException, ended: str) -> None:
    def fail() -> None:
        with recorded(workspace.files.runs, about(workspace.plan, workspace.facts), Silent(), print, check=False) as recorder:
            work(recorder)
            raise error

    with pytest.raises(type(error)):
        fail()
    assert [run.ended for run in load_runs(workspace.files.runs)] == [ended]


def test_a_check_is_no_run(workspace: Workspace) -> None:
    with recorded(workspace.files.runs, about(workspace.plan, workspace.facts), Silent(), print, check=True) as recorder:
        work(recorder)
    assert not workspace.files.runs.exists()


def test_a_damaged_list_stops_no_run_and_stays(workspace: Workspace) -> None:
    damaged, said = '{"runs": [{"began": "yesterday"}]}', list[str]()
    workspace.files.runs.write_text(damaged)
    with recorded(workspace.files.runs, about(workspace.plan, workspace.facts), Silent(), said.append, check=False) as recorder:
        work(recorder)
    assert workspace.files.runs.read_text() == damaged
    assert "this run is not kept" in said[0]


def test_a_list_that_cannot_be_written_hides_no_error_of_the_run(workspace: Workspace) -> None:
    workspace.files.runs.symlink_to("elsewhere")
    said = list[str]()

    def fail() -> None:
        with recorded(workspace.files.runs, about(workspace.plan, workspace.facts), Silent(), said.append, check=False):
            raise EngineError("its own")

    with pytest.raises(EngineError, match="its own"):
        fail()
    assert "this run is not kept" in said[0]


def test_the_last_hundred_are_kept(workspace: Workspace) -> None:
    runs = [past(f"2026-11-30T08:{number // 60:02}:{number % 60:02}Z") for number in range(MOST + 5)]
    save_runs(workspace.files.runs, tuple(runs))
    assert load_runs(workspace.files.runs) == tuple(runs[5:])


def test_runner_runs_lists_past_runs_with_stage_times_the_newest_first(workspace: Workspace) -> None:
    asked = ["runs", "-f", str(workspace.files.spec)]
    assert "no run is remembered yet" in CliRunner().invoke(runner, asked).output
    save_runs(workspace.files.runs, (past("2026-11-29T08:00:00Z"), past("2026-11-30T08:00:00Z")))
    head, _, first, second = filter(str.strip, CliRunner().invoke(runner, asked).output.splitlines())
    assert head.split()[-8:] == ["machines", "mesh", "loadbalancers", "founder", "servers", "agents", "kubeconfig", "addons"]
    assert first.split()[:2] == ["2026-11-30", "08:00:00"]
    assert second.split() == ["2026-11-29", "08:00:00", "done", "v1.36.5+rke2r1", "4", "61.5", "-", "-", "-", "20.0", "-", "-", "-", "-"]
    listed = json.loads(CliRunner().invoke(runner, [*asked, "--format", "json"]).output)
    assert [run["began"] for run in listed] == ["2026-11-29T08:00:00Z", "2026-11-30T08:00:00Z"]


def past(began: str) -> PastRun:
    stages = (StageRun(name="founder", milliseconds=20000, changed=4),)
    return PastRun(began=began, milliseconds=61500, release="v1.36.5+rke2r1", machines=3, ended="done", stages=stages)
