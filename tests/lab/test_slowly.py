"""`tools/slowly`: a quota that the lab's machines do not escape, and that leaves nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from lab.patience import patient

pytestmark = pytest.mark.lab
SLOWLY = Path(__file__).parents[2] / "tools/slowly"

#: What a lab does for a machine: a group, and a process in it. Prints the group that the kernel charges.
PROGRAM = """
import subprocess
from lab.machines.cgroups import LabGroup
group = LabGroup("under-a-quota")
with subprocess.Popen(["sleep", "infinity"]) as machine:
    for procs in group.create("101", 64):
        procs.write_text(str(machine.pid))
    print(open(f"/proc/{machine.pid}/cgroup").read())
    machine.kill()
assert group.remove()
"""


def slowly(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(SLOWLY), *words], capture_output=True, text=True, check=False, timeout=patient(60))


def groups() -> list[Path]:
    return [*Path("/sys/fs/cgroup").glob("stardock-slowly-*"), *Path("/sys/fs/cgroup").glob("*/stardock-slowly-*")]


def test_a_machine_of_a_lab_under_a_quota_is_below_it_and_nothing_is_left() -> None:
    before = groups()
    done = slowly("0.5", sys.executable, "-c", PROGRAM)
    assert done.returncode == 0, done.stderr
    charged = [line for line in done.stdout.splitlines() if "stardock-slowly-" in line]
    assert [line.partition("stardock-under-a-quota")[2] for line in charged] == ["/101"]
    assert not set(groups()) - set(before)


def test_the_commands_exit_code_is_its_own_and_a_quota_that_is_none_is_refused() -> None:
    assert slowly("0.5", "sh", "-c", "exit 7").returncode == 7
    assert slowly("half", "true").returncode == 2
    assert slowly("0.5").returncode == 2
