"""One run per cluster, and what a killed run leaves is ended first."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from stardock.errors import StardockError
from stardock.workspace.run_lock import MARK, marked_processes, only_asking, only_run

pytestmark = pytest.mark.unit

#: A run that starts a child in a session of its own, says so, and waits to be killed.
RUN = """
import subprocess, sys, time
from pathlib import Path
from stardock.workspace.run_lock import only_run
with only_run(Path(sys.argv[1])) as token:
    subprocess.Popen(["sleep", "60"], start_new_session=True)
    print(token, flush=True)
    time.sleep(60)
"""


def _start(path: Path) -> tuple[subprocess.Popen[str], str]:
    heard = ["env", "--default-signal=INT"]  # whoever runs tests in the background has Ctrl-C ignored
    run = subprocess.Popen([*heard, sys.executable, "-c", RUN, str(path)], stdout=subprocess.PIPE, text=True)
    assert run.stdout
    return run, run.stdout.readline().strip()


def _kill(run: subprocess.Popen[str], token: str) -> None:
    run.kill()
    run.wait()
    assert run.stdout
    run.stdout.close()
    for pid in marked_processes(token):
        os.kill(pid, signal.SIGKILL)


def test_a_second_run_is_refused_and_names_the_pid(tmp_path: Path) -> None:
    run, token = _start(tmp_path / "c.pid")
    try:
        with pytest.raises(StardockError, match=f"pid {run.pid}") as caught, only_run(tmp_path / "c.pid"):
            pytest.fail("two runs at once")
        assert caught.value.cure
        assert f"kill {run.pid}" in caught.value.cure
        assert run.poll() is None
    finally:
        _kill(run, token)


@pytest.mark.proves("hostile 16")
def test_a_second_run_is_refused_though_git_clean_took_the_pid_file_of_the_first(tmp_path: Path) -> None:
    run, token = _start(tmp_path / "c.pid")
    try:
        (tmp_path / "c.pid").unlink()
        for _ in range(30):  # each asks the first for its pid
            with pytest.raises(StardockError, match=f"pid {run.pid}"), only_run(tmp_path / "c.pid"):
                pytest.fail("two runs at once")
        with pytest.raises(StardockError, match="another run holds this cluster"), only_asking(tmp_path / "c.pid"):
            pytest.fail("two runs at once")
    finally:
        _kill(run, token)
    with only_run(tmp_path / "c.pid"):
        assert (tmp_path / "c.pid").read_text().startswith(f"{os.getpid()}\n")


@pytest.mark.proves("hostile 9", "hostile 16")
def test_a_second_run_over_another_name_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "other").symlink_to("real")
    with only_run(tmp_path / "real/c.pid"):
        (tmp_path / "real/c.pid").unlink()
        with pytest.raises(StardockError, match=f"pid {os.getpid()}"), only_run(tmp_path / "other/../other/c.pid"):
            pytest.fail("two runs at once")
        with only_run(tmp_path / "real/d.pid"):  # another cluster of the folder
            pass


#: Another account that makes the mark of our folder, and has taken the socket's name that runs held before.
STRANGER = """
import hashlib, os, socket, sys, time
from pathlib import Path
path, uid = Path(sys.argv[1]), int(sys.argv[2])
folder = path.parent.stat()
name = "stardock-run-" + hashlib.sha256(f"{folder.st_dev} {folder.st_ino} {path.name}".encode()).hexdigest()[:32]
os.setgroups([]); os.setgid(uid); os.setuid(uid)
mark, taken = os.memfd_create(name), socket.socket(socket.AF_UNIX)
taken.bind("\\0" + name)
print("held", flush=True)
time.sleep(60)
"""
NOBODY = 65534


@contextlib.contextmanager
def _stranger(path: Path) -> Iterator[int]:
    command = [sys.executable, "-c", STRANGER, str(path), str(NOBODY)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == "held\n"
            yield process.pid
        finally:
            process.kill()


@pytest.mark.proves("hostile 16")
@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another account")
def test_another_account_can_neither_take_the_place_of_a_run_nor_keep_one_from_beginning(tmp_path: Path) -> None:
    with _stranger(tmp_path / "c.pid"), only_run(tmp_path / "c.pid"):
        (tmp_path / "c.pid").unlink()
        with pytest.raises(StardockError, match=f"another run holds this cluster: pid {os.getpid()} "), only_run(tmp_path / "c.pid"):
            pytest.fail("two runs at once")


@pytest.mark.proves("hostile 16")
@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another account")
def test_a_run_of_the_folders_owner_is_seen_by_root_and_told_with_its_account(tmp_path: Path) -> None:
    os.chown(tmp_path, NOBODY, NOBODY)
    with _stranger(tmp_path / "c.pid") as pid:
        said = f"another run holds this cluster: pid {pid} of nobody"
        with pytest.raises(StardockError, match=said), only_run(tmp_path / "c.pid"):
            pytest.fail("two runs at once")
    with only_run(tmp_path / "c.pid"):
        pass


def test_what_only_asks_makes_no_file_and_keeps_others_out(tmp_path: Path) -> None:
    with only_asking(tmp_path / "c.pid") as token:
        assert os.environ[MARK] == token
        with pytest.raises(StardockError, match="another run"), only_run(tmp_path / "c.pid"):
            pytest.fail("two runs at once")
    assert (tmp_path / "c.pid").read_text() == ""  # of the run that was refused
    (tmp_path / "c.pid").write_text("7\n0123456789abcdef\n")
    with only_asking(tmp_path / "c.pid"):
        pass
    assert (tmp_path / "c.pid").read_text() == "7\n0123456789abcdef\n"
    assert MARK not in os.environ


def test_an_orphan_of_a_killed_run_is_ended_first(tmp_path: Path) -> None:
    run, token = _start(tmp_path / "c.pid")
    lines: list[str] = []
    try:
        run.send_signal(signal.SIGKILL)
        run.wait()
        assert "sleep" in marked_processes(token).values()
        with only_run(tmp_path / "c.pid", lines.append):
            assert marked_processes(token) == {}
    finally:
        _kill(run, token)
    assert any("sleep (pid " in line for line in lines)


def test_a_file_of_a_dead_run_does_not_stop_the_next_and_ends_no_stranger(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "60"]) as stranger:
        (tmp_path / "c.pid").write_text(f"{stranger.pid}\n0123456789abcdef\n")
        with only_run(tmp_path / "c.pid"):
            assert stranger.poll() is None
        stranger.kill()


def test_the_lock_is_free_again_after_a_run_and_after_an_error(tmp_path: Path) -> None:
    path = tmp_path / "c.pid"
    with pytest.raises(ValueError, match="boom"), only_run(path):
        raise ValueError("boom")
    with only_run(path):
        assert path.read_text().splitlines()[0] == str(os.getpid())
        assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_text() == ""
    assert MARK not in os.environ


def test_what_a_hook_left_running_outlives_a_run_that_failed_and_the_next_one(tmp_path: Path) -> None:
    path = tmp_path / "c.pid"
    with contextlib.suppress(ValueError), only_run(path):
        left = subprocess.Popen(["sleep", "60"], start_new_session=True)
        raise ValueError("boom")
    try:
        assert path.read_text() == ""
        with only_run(path):
            assert left.poll() is None
    finally:
        left.kill()
        left.wait()


def test_a_run_that_was_interrupted_leaves_its_token_as_a_killed_one_does(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), only_run(tmp_path / "c.pid") as token:
        raise KeyboardInterrupt
    assert (tmp_path / "c.pid").read_text().splitlines()[1] == token


def test_a_child_carries_the_mark_and_the_run_itself_is_not_among_its_children(tmp_path: Path) -> None:
    with only_run(tmp_path / "c.pid") as token, subprocess.Popen(["sleep", "60"]) as child:
        deadline = time.monotonic() + 5
        while child.pid not in marked_processes(token) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert set(marked_processes(token)) == {child.pid}
        child.kill()
