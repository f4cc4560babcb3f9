"""A keeper that is killed asks nobody; what it kept ends all the same."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from stardock.playbooks.via.guard import guarded
from tests.waiting import until

pytestmark = [pytest.mark.unit, pytest.mark.proves("feature bootstrap on another machine")]

KEEPER = """
import pathlib, subprocess, sys, time
from stardock.playbooks.via.guard import guarded
folder = pathlib.Path(sys.argv[1])
with guarded(folder, sys.argv[2]):
    worker = subprocess.Popen(["sleep", "300"], env={"STARDOCK_RUN": sys.argv[2]}, start_new_session=True)
    print(worker.pid, flush=True)
    time.sleep(300)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "place"
    path.mkdir()
    (path / "secrets.yaml").write_text("token: sesame")
    return path


def alive(pid: int) -> bool:
    status = Path(f"/proc/{pid}/status")
    return status.exists() and "State:\tZ" not in status.read_text()


def children() -> list[str]:
    return Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()


def test_where_the_keeper_is_killed_its_run_ends_and_its_secrets_go(folder: Path) -> None:
    command = [sys.executable, "-c", KEEPER, str(folder), f"guard-{os.getpid()}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as keeper:
        assert keeper.stdout
        worker = int(keeper.stdout.readline())
        assert alive(worker)
        keeper.send_signal(signal.SIGKILL)
    until(lambda: not alive(worker) and not folder.exists(), "what the keeper kept to be gone", 30)


def test_after_a_run_that_ends_by_itself_the_guard_is_gone_and_has_touched_nothing(folder: Path) -> None:
    before = children()
    with guarded(folder, "guard-none"):
        assert len(children()) == len(before) + 1
    assert children() == before
    assert (folder / "secrets.yaml").exists()
