"""The user's own commands between the halves: what they get, and what happens when they fail."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lab.processes import process
from stardock.errors import ConditionError, EngineError
from stardock.spec.hooks import Hook, Hooks
from stardock.verbs.hooks import check_hooks, hook_steps
from stardock.workspace.hooks import PASSED, run_hook
from stardock.workspace.run_lock import only_run
from stardock.workspace.workspace import Workspace, open_workspace
from tests.plans import document
from tests.synth.running import write_cluster
from tests.waiting import until

pytestmark = pytest.mark.unit

ENVIRON = {"PATH": "/usr/bin:/bin", "PROXMOX_VE_API_TOKEN": "planted", "AWS_SECRET_ACCESS_KEY": "planted", "DNS_TOKEN": "given"}


@pytest.fixture
def where(tmp_path: Path) -> Workspace:
    return open_workspace(write_cluster(tmp_path, document()))


def run(where: Workspace, hook: Hook, moment: str = "after_deploy") -> list[str]:
    said: list[str] = []
    run_hook(where, moment, hook, said.append, ENVIRON)
    return said


@pytest.mark.proves("feature hooks")
def test_a_hook_runs_beside_cluster_yaml_is_shown_and_timed(where: Workspace) -> None:
    assert run(where, Hook(command="pwd; echo to stderr >&2"))[:2] == [f"  | {where.files.spec.parent}", "  | to stderr"]
    assert run(where, Hook(command="true"))[-1].startswith("  after_deploy: done in 0.")


def test_a_hook_gets_no_secret_that_it_does_not_name(where: Workspace, tmp_path: Path) -> None:
    run(where, Hook(command="env > plain"))
    run(where, Hook(command="env > named", env=("DNS_TOKEN",)))
    plain, named = (dict(line.split("=", 1) for line in (tmp_path / name).read_text().splitlines()) for name in ("plain", "named"))
    assert "planted" not in plain.values()
    assert set(named) - set(plain) == {"DNS_TOKEN"}
    assert {name for name in plain if not name.startswith("STARDOCK_")} <= {*PASSED, "PWD", "SHLVL", "_", "OLDPWD"}


def test_a_hook_finds_the_plan_the_facts_and_the_file(where: Workspace, tmp_path: Path) -> None:
    run(where, Hook(command='cp "$STARDOCK_PLAN" got.json; echo "$STARDOCK_CLUSTER $STARDOCK_HOOK $STARDOCK_FILE $STARDOCK_FACTS" > got'))
    assert [machine["name"] for machine in json.loads((tmp_path / "got.json").read_text())["machines"]][:1] == ["lb1"]
    files = where.files
    assert (tmp_path / "got").read_text().split() == ["quickstart", "after_deploy", str(files.spec), str(files.facts)]


def test_a_hook_that_fails_stops_the_run_and_says_what_stands_and_what_to_do(where: Workspace) -> None:
    with pytest.raises(EngineError, match=r"the hook after_deploy ended with 3: exit 3") as caught:
        run(where, Hook(command="exit 3"))
    assert "the machines exist and are known" in (caught.value.cure or "")
    assert "runner deploy" in (caught.value.cure or "")


@pytest.mark.proves("feature hooks")
def test_a_hook_that_does_not_end_is_ended_with_all_that_it_started(where: Workspace, tmp_path: Path) -> None:
    began = time.monotonic()
    with pytest.raises(EngineError, match="did not end within 1 s"):
        run(where, Hook(command="sleep 60 & echo $! >started; sleep 60", timeout="1s"))  # type: ignore[arg-type]
    started = process(int((tmp_path / "started").read_text()))
    assert started is None or started.wait(5)
    assert time.monotonic() - began < 20


def test_a_variable_that_is_not_set_is_told_before_anything_is_done() -> None:
    hooks = Hooks(after_deploy=(Hook(command="true", env=("DNS_TOKEN", "OTHER")),))
    with pytest.raises(ConditionError, match=r"not set: OTHER \(for hooks.after_deploy\[0\]\)"):
        check_hooks(hooks, ("before_deploy", "after_deploy"), ENVIRON)
    check_hooks(hooks, ("before_bootstrap", "after_bootstrap"), {})


def test_dry_run_shows_each_hook_with_the_variables_it_gets(where: Workspace) -> None:
    hooks = Hooks.model_validate({"after_deploy": ["./dns.sh", {"command": "./mail.sh", "env": ["MAIL_TOKEN"], "timeout": "90s"}]})
    steps = hook_steps(lambda: where, "after_deploy", hooks, lambda _line: None)
    assert [(step.name, step.what) for step in steps] == [
        ("after_deploy 1", "your command, at most 600 s: ./dns.sh"),
        ("after_deploy 2", "your command, at most 90 s; gets MAIL_TOKEN: ./mail.sh"),
    ]


#: A run whose hook says who it is, leaves its environment behind in a child, and waits.
KILLED = """
import os, sys
from pathlib import Path
from stardock.workspace.run_lock import only_run
from stardock.spec.hooks import Hook
from stardock.workspace.hooks import run_hook
from stardock.workspace.workspace import open_workspace
where = open_workspace(Path(sys.argv[1]))
hook = Hook(command='echo $$ > pid; echo "$STARDOCK_PLAN" > plan; env -i /bin/sh child.sh; true')
with only_run(where.files.run_lock):
    run_hook(where, "after_deploy", hook, print)
"""


@pytest.mark.proves("hostile 17")
def test_a_hook_that_outlives_a_kill_of_its_run_is_ended_by_the_next_and_its_plan_goes(where: Workspace, tmp_path: Path) -> None:
    (tmp_path / "child.sh").write_text("echo $$ >child; exec sleep 60")
    heard = ["env", "--default-signal=INT"]
    run_ = subprocess.Popen([*heard, sys.executable, "-c", KILLED, str(where.files.spec)], cwd=tmp_path, stdout=subprocess.DEVNULL)
    until(lambda: (tmp_path / "child").exists() and (tmp_path / "child").read_text().strip() != "", "the hook's child runs")
    run_.kill()
    run_.wait()
    pids = [int((tmp_path / name).read_text()) for name in ("pid", "child")]
    assert all(process(pid) for pid in pids)
    plan = Path((tmp_path / "plan").read_text().strip())
    assert (plan.parent, stat.S_IMODE(plan.stat().st_mode)) == (where.files.run, 0o600)
    said: list[str] = []
    with only_run(where.files.run_lock, said.append):
        until(lambda: not any(process(pid) for pid in pids), "they are gone")
        run(where, Hook(command="true"))
    assert "ending what a killed run left" in said[0]
    assert not plan.exists()
    assert not where.files.run.exists()
