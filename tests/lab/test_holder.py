"""A lab lives and dies as one: whatever ends, ends it all, and nothing of it stays on the machine."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from lab import holder, settings_file
from lab.errors import LabError
from lab.keeper import OWNER
from lab.processes import children
from tests.lab.small import SmallLab, guest, small_lab, static
from tests.waiting import until

pytestmark = [pytest.mark.lab, pytest.mark.timeout(300)]
ADDRESS = "192.168.1.51"


def with_machine(lab: SmallLab) -> None:
    lab.start(guest(lab, 1, static(ADDRESS)), ADDRESS)


def processes(lab: SmallLab) -> list[str]:
    """Everything that runs in the lab's network or its machines', or that was started with its folder."""
    return [line for file in Path("/proc").glob("[0-9]*/cmdline") if str(lab.directory) in (line := read(file))]


def read(file: Path) -> str:
    try:
        return file.read_text(errors="replace")
    except OSError:
        return ""


def namespaces() -> set[int]:
    found = set()
    for link in Path("/proc").glob("[0-9]*/ns/net"):
        try:
            found.add(link.stat().st_ino)
        except OSError:
            continue
    return found


def remains(lab: SmallLab, network: int) -> list[str]:
    mounts = [line for line in Path("/proc/self/mountinfo").read_text().splitlines() if str(lab.directory) in line]
    groups = [str(root) for root in lab.groups.roots if root.exists()]
    return [*processes(lab), *mounts, *groups, *(["its network namespace"] if network in namespaces() else [])]


def network_of(lab: SmallLab) -> int:
    running = holder.status(lab.directory)
    assert running
    return Path(f"/proc/{running.world.pid}/ns/net").stat().st_ino


def chain(lab: SmallLab) -> dict[str, int]:
    """The pids of those who hold the lab, as seen from outside."""
    running = holder.status(lab.directory)
    assert running
    unshare = children(running.keeper.pid)[0]
    return {"keeper": running.keeper.pid, "unshare": unshare, "init": children(unshare)[0], "world": running.world.pid}


def with_booting_machine(lab: SmallLab) -> None:
    """In the middle of its boot: its network is up, systemd and cloud-init are busy."""
    lab.begin(guest(lab, 1, static(ADDRESS)))
    lab.await_network(ADDRESS)


@pytest.mark.proves("feature lab")
@pytest.mark.parametrize("victim", ["keeper", "unshare", "init", "world"])
def test_sigkill_of_any_of_the_holders_leaves_nothing(victim: str, tmp_path: Path) -> None:
    with small_lab(tmp_path) as lab:
        with_booting_machine(lab)
        network = network_of(lab)
        assert len(processes(lab)) > 5
        os.kill(chain(lab)[victim], signal.SIGKILL)
        until(lambda: holder.status(lab.directory) is None, "the lab's end")
        if victim == "keeper":
            holder.down(lab.directory)  # the one who takes the cgroups away was killed: the next command does
        until(lambda: not remains(lab, network), f"nothing to be left of {remains(lab, network)}", 15)


def test_a_lab_with_an_owner_ends_with_it_however_that_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with subprocess.Popen(["sleep", "infinity"]) as owner:
        monkeypatch.setenv(OWNER, str(owner.pid))
        with small_lab(tmp_path) as lab:
            with_booting_machine(lab)
            network = network_of(lab)
            owner.kill()
            owner.wait()
            until(lambda: not remains(lab, network), f"nothing to be left of {remains(lab, network)}", 15)


def test_down_leaves_nothing_and_again_does_no_harm(tmp_path: Path) -> None:
    with small_lab(tmp_path) as lab:
        with_machine(lab)
        network = network_of(lab)
        holder.down(lab.directory)
        assert remains(lab, network) == []
        holder.down(lab.directory)
        with pytest.raises(LabError, match="no lab runs"):
            holder.enter(lab.directory)


def test_two_labs_side_by_side_do_not_meet(tmp_path: Path) -> None:
    with small_lab(tmp_path, "one") as one, small_lab(tmp_path, "two") as two:
        for lab in (one, two):
            lab.begin(guest(lab, 1, static(ADDRESS)))
        for lab in (one, two):
            lab.await_ssh(ADDRESS)
        assert one.said(ADDRESS, "cat", "/etc/machine-id") != two.said(ADDRESS, "cat", "/etc/machine-id")
        holder.down(one.directory)
        assert two.said(ADDRESS, "hostname") == "m1"


def test_a_lab_that_runs_is_not_started_again(tmp_path: Path) -> None:
    with small_lab(tmp_path) as lab, pytest.raises(LabError, match="already"):
        holder.up(settings_file.load(lab.directory / "settings.json"))


def test_a_lab_that_cannot_come_up_says_why_and_leaves_nothing(tmp_path: Path) -> None:
    with small_lab(tmp_path) as lab:
        settings = settings_file.load(lab.directory / "settings.json")
        holder.down(lab.directory)
        with pytest.raises(LabError, match="did not come up"):
            holder.up(settings, world="no.such.module")
        assert remains(lab, 0) == []
