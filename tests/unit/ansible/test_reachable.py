"""What the role waits for, and what it tells at once because waiting cannot help: the real role, with a sudo of its own."""

from __future__ import annotations

import json
import os
import re
import runpy
import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

ROLES = Path(__file__).parents[3] / "ansible/roles"
CLOCKS = ROLES.parent / "collections/ansible_collections/stardock/machine/plugins/filter/clocks.py"
FILTERS = runpy.run_path(str(CLOCKS))


def test_a_sudo_that_wants_a_password_is_told_at_once_and_one_that_is_not_there_yet_is_waited_for(tmp_path: Path) -> None:
    asks = tmp_path / "sudo"
    asks.write_text("#!/bin/sh\necho 'sudo: a password is required' >&2; exit 1\n")
    asks.chmod(0o755)
    here = {"ansible_connection": "local", "ansible_become_user": "daemon", "reachable_timeout": 1}
    hosts = {"asks": {"ansible_become_exe": str(asks)}, "lacks": {"ansible_become_exe": str(tmp_path / "none")}}
    (tmp_path / "hosts.yml").write_text(json.dumps({"all": {"hosts": hosts, "vars": here}}))
    (tmp_path / "play.yml").write_text(json.dumps([{"hosts": "all", "gather_facts": False, "become": True, "roles": ["reachable"]}]))
    environment = {**os.environ, "ANSIBLE_ROLES_PATH": str(ROLES), "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.oneline"}
    command = ["ansible-playbook", "-i", str(tmp_path / "hosts.yml"), str(tmp_path / "play.yml")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    last = {line.split(" | ")[0]: line for line in done.stdout.splitlines() if " | " in line}
    assert "answers, but not as the machine that we know" in last["asks"]
    assert "a password is required" in last["asks"]
    assert "timed out waiting for ping module test" in last["lacks"]


#: Interface -> its MAC, and the permanent one of a bond's port: ens18 is a port of a bridge, ens19 and ens20 are ports of a bond.
NICS = {
    "bond0": ("bc:24:11:00:00:02", ""),
    "br0": ("bc:24:11:00:00:01", ""),
    "ens18": ("bc:24:11:00:00:01", ""),
    "ens18.20": ("bc:24:11:00:00:01", ""),
    "ens19": ("bc:24:11:00:00:02", "bc:24:11:00:00:02"),
    "ens20": ("bc:24:11:00:00:02", "bc:24:11:00:00:03"),
    "lo": ("00:00:00:00:00:00", ""),
}
#: What iproute2 prints of a port of a team (`print_linkinfo`, ip/ipaddress.c).
TEAM = "    link/ether bc:24:11:00:00:04 brd ff:ff:ff:ff:ff:ff permaddr bc:24:11:00:00:05\n"


def identity(folder: Path, planned: list[str], *arguments: str, role: str = "server") -> subprocess.CompletedProcess[str]:
    """The real playbook over this machine, which has other NICs meanwhile."""
    for name, (mac, permanent) in NICS.items():
        (folder / "net" / name / "bonding_slave").mkdir(parents=True, exist_ok=True)
        (folder / "net" / name / "address").write_text(f"{mac}\n")
        if permanent:
            (folder / "net" / name / "bonding_slave/perm_hwaddr").write_text(f"{permanent}\n")
    (folder / "bin").mkdir(exist_ok=True)
    (folder / "bin/ip").write_text(f"#!/bin/sh\necho '{TEAM}'\n")
    (folder / "bin/ip").chmod(0o755)
    here = {"ansible_connection": "local", "ansible_host": "192.0.2.1", "reachable_macs": planned}
    groups = {role: {"hosts": {f"{role}1": here}}, "silent": {"hosts": {}}}
    (folder / "hosts.json").write_text(json.dumps({"all": {"children": groups}}))
    environment = {**os.environ, "ANSIBLE_ROLES_PATH": str(ROLES), "PATH": f"{folder}/bin:{os.environ['PATH']}"}
    playbook = ["ansible-playbook", "-i", str(folder / "hosts.json"), str(ROLES.parent / "identity.yml"), *arguments]
    script = 'mount --bind "$0" /sys/class/net && exec "$@"'
    command = ["unshare", "--mount", "--propagation", "private", "--", "sh", "-c", script, str(folder / "net"), *playbook]
    return subprocess.run(command, cwd=ROLES.parent, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.proves("hostile 22")
@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("unshare"), reason="mounts other NICs over its own")
def test_a_machine_is_known_by_any_of_its_nics_below_bridges_vlans_bonds_and_teams(tmp_path: Path) -> None:
    for planned in ("bc:24:11:00:00:01", "bc:24:11:00:00:02", "bc:24:11:00:00:03", "bc:24:11:00:00:05"):
        done = identity(tmp_path, ["bc:24:11:ff:ff:ff", planned], "--check")
        assert done.returncode == 0, done.stdout + done.stderr
    done = identity(tmp_path, ["bc:24:11:ff:ff:ff", "00:00:00:00:00:00"])
    assert done.returncode == 2
    words = "another machine than server1 answers at 192.0.2.1: server1 has the MAC bc:24:11:ff:ff:ff"
    assert words in " ".join(done.stdout.split())
    assert identity(tmp_path, []).returncode == 0


@pytest.mark.parametrize(
    ("clocks", "said"),
    [
        ({"server1": 0, "server2": -2, "server3": 29}, []),
        ({"server1": 0, "server2": -7200, "server3": 2}, ["the clock of server2 is 7198 s behind that of server1"]),
        ({"server1": 3600, "server2": 3601, "server3": 3599}, []),  # this machine's is wrong, and nobody else cares
        ({"server1": 3600, "server2": 3600, "server3": 0}, ["the clock of server3 is 3598 s behind that of server1"]),
        ({"server1": 40}, ["the clock of server1 is 39 s ahead of that of this machine"]),
        ({"server1": 0, "agent1": 40}, ["the clock of agent1 is 38 s ahead of that of server1"]),
        (
            {"server1": 0, "server2": 0, "agent1": 99, "agent2": 99},  # half and half: nobody knows
            [
                "the clock of server1 is 97 s behind that of agent1",
                "the clock of server2 is 97 s behind that of agent1",
                "the clock of agent1 is 97 s ahead of that of server1",
                "the clock of agent2 is 97 s ahead of that of server1",
            ],
        ),
    ],
)
def test_a_machine_whose_clock_is_not_that_of_most_others_is_told_and_a_wrong_clock_of_the_controllers_own_is_not(
    clocks: dict[str, int], said: list[str]
) -> None:
    """`clocks`: machine -> seconds that its clock is ahead of this machine's."""
    asked, now = 1_790_000_000, 1_790_000_001
    answers = {host: f"bc:24:11:00:00:01\r\nclock {asked} {asked + off}\r\n" for host, off in clocks.items()}
    answers |= {"agent8": "", "agent9": "clock $(reboot) 7\nclock 1 999999999999999"}
    assert list(wrong({host: (text, now) for host, text in answers.items()}).values()) == said


def wrong(answers: dict[str, tuple[str, float]]) -> dict[str, str]:
    """Of machines that answered so, each at its time. One was never asked."""
    hostvars = {host: {"reachable_clock": FILTERS["clock"](text, now)} for host, (text, now) in answers.items()}
    found: dict[str, str] = FILTERS["wrong_clocks"]([*hostvars, "never"], {**hostvars, "never": {}})
    return found


def test_a_slow_answer_makes_no_clock_wrong() -> None:
    """The question was put a minute before the machine looked at its clock; or the answer lay for a minute before it was read."""
    answers = {"server1": "clock 1000 1060", "server2": "clock 1000 1000", "server3": "clock 1000 1031"}
    assert wrong({host: (text, 1062) for host, text in answers.items()}) == {}


def test_a_machine_that_answers_minutes_after_the_others_is_behind_them_or_not_by_its_own_answer() -> None:
    before = {"server1": ("clock 1000 1000", 1001.0), "server2": ("clock 1000 1000", 1001.0)}
    assert list(wrong({**before, "server3": ("clock 1300 1250", 1301)})) == ["server3"]
    assert wrong({**before, "server3": ("clock 1300 1300", 1301)}) == {}


def test_the_run_ends_before_anything_is_changed_where_a_clock_is_wrong(tmp_path: Path) -> None:
    date = tmp_path / "bin/date"
    date.parent.mkdir()
    date.write_text("#!/bin/sh\necho 1000000000\n")
    date.chmod(0o755)
    done = identity(tmp_path, [])
    assert done.returncode == 2
    assert "Stop for a machine that others depend on" in done.stdout
    assert re.search(r"the clock of server1 is \d{9} s behind that of this machine; nothing was changed", " ".join(done.stdout.split()))


def test_an_agent_whose_clock_is_wrong_is_left_out_and_stops_nobody(tmp_path: Path) -> None:
    """A small board without a clock of its own, which has just been started."""
    date = tmp_path / "bin/date"
    date.parent.mkdir()
    date.write_text("#!/bin/sh\necho 1000000000\n")
    date.chmod(0o755)
    done = identity(tmp_path, [], role="agent")
    assert done.returncode == 0, done.stdout
    assert re.search(r"TASK \[reachable : Go on without it\] \*+\nok: \[agent1\]", done.stdout), done.stdout
