"""Booleans of SELinux that a load balancer needs: the real role, over tools that behave as the real ones do.

`getsebool` knows the policy's booleans only and says so of another, `setsebool` without -P is forgotten at a reboot, and nothing works
where SELinux is off. No machine is needed: what the role reads is a folder of each host.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

pytestmark = [pytest.mark.unit, pytest.mark.proves("selinux 1", "reality B10")]

ROLES = Path(__file__).parents[3] / "ansible/roles"
TOOLS = {
    "selinuxenabled": 'test "$(cat "$HERE/selinux")" = on',
    "getsebool": """test "$(cat "$HERE/selinux")" = on || { echo "getsebool:  SELinux is disabled" >&2; exit 1; }
test -e "$HERE/booleans/$1" || { echo "Error getting active value for $1" >&2; exit 1; }
echo "$1 --> $(cat "$HERE/booleans/$1")" """,
    "setsebool": """echo "$*" >>"$HERE/calls"; test "$1" = -P || exit 1
test -e "$HERE/booleans/$2" || { echo "Could not change active booleans: Invalid boolean" >&2; exit 1; }
echo "$3" >"$HERE/booleans/$2" """,
    "findmnt": "echo /@/.snapshots/1/snapshot",
    "btrfs": 'echo "ID 268 gen 83 top level 267 path @/.snapshots/$(cat "$HERE/next")/snapshot"',
    "systemctl": 'cat "$HERE/service"',
}


class Host:
    """One host of the inventory: a folder with its tools and what they know."""

    def __init__(self, folder: Path, *, selinux: str = "on", boolean: str = "off", snapshot: int = 1, service: str = "inactive") -> None:
        self.folder = folder
        (folder / "booleans").mkdir(parents=True)
        (folder / "booleans/haproxy_connect_any").write_text(boolean)
        for name, text in (("selinux", selinux), ("next", str(snapshot)), ("service", service)):
            (folder / name).write_text(text)
        for name, body in TOOLS.items():
            (folder / name).write_text(f"#!/bin/sh\nHERE={folder}\n{body}\n")
            (folder / name).chmod(0o755)

    @property
    def boolean(self) -> str:
        return (self.folder / "booleans/haproxy_connect_any").read_text().strip()

    @property
    def calls(self) -> list[str]:
        file = self.folder / "calls"
        return file.read_text().splitlines() if file.exists() else []


def play(host: Host, *arguments: str, boolean: str = "haproxy_connect_any") -> tuple[int, str, int]:
    """Run the role; its exit code, its words, and how many tasks changed something."""
    role = {"name": "selinux", "tasks_from": "boolean"}
    variables = {"selinux_boolean": boolean, "selinux_service": "haproxy.service"}
    tasks = [{"ansible.builtin.include_role": role, "vars": variables}]
    (host.folder / "play.yml").write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": tasks}]))
    environment = {**os.environ, "ANSIBLE_ROLES_PATH": str(ROLES), "ANSIBLE_NOCOLOR": "1", "PATH": f"{host.folder}:{os.environ['PATH']}"}
    python = f"ansible_python_interpreter={sys.executable}"
    command = ["ansible-playbook", "-i", "lb1,", "-c", "local", "-e", python, str(host.folder / "play.yml"), *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    changed = re.search(r"changed=(\d+)", done.stdout)
    assert changed, done.stdout + done.stderr
    return done.returncode, " ".join((done.stdout + done.stderr).split()), int(changed[1])


def test_a_boolean_that_is_off_is_switched_on_for_good_and_the_second_run_changes_nothing(tmp_path: Path) -> None:
    host = Host(tmp_path / "lb1")
    assert play(host, "--check")[0] == 0
    assert (host.boolean, host.calls) == ("off", [])
    code, _, changed = play(host)
    assert (code, changed, host.boolean, host.calls) == (0, 1, "on", ["-P haproxy_connect_any on"])
    code, _, changed = play(host)
    assert (code, changed, len(host.calls)) == (0, 0, 1)


def test_where_selinux_is_off_nobody_asks_for_booleans(tmp_path: Path) -> None:
    host = Host(tmp_path / "lb1", selinux="off")
    assert play(host)[::2] == (0, 0)
    assert host.calls == []


def test_a_boolean_that_the_policy_does_not_know_is_told_in_the_tools_words(tmp_path: Path) -> None:
    code, words, _ = play(Host(tmp_path / "lb1"), boolean="haproxy_conect_any")
    assert code != 0
    assert "Error getting active value for haproxy_conect_any" in words


def test_while_a_snapshot_waits_nothing_is_switched_and_a_service_that_could_not_work_is_not_started(tmp_path: Path) -> None:
    host = Host(tmp_path / "lb1", snapshot=2)
    code, words, _ = play(host)
    assert code != 0
    assert "cannot be switched while a new snapshot waits for its boot. Restart the machine, then run this again." in words
    serving = Host(tmp_path / "lb2", snapshot=2, service="active")
    assert play(serving)[::2] == (0, 0)
    assert host.calls == serving.calls == []


@pytest.mark.parametrize("role", ["haproxy", "keepalived"])
def test_both_roles_switch_their_boolean_before_the_first_start_and_only_where_there_is_selinux(role: str) -> None:
    tasks = YAML(typ="safe").load((ROLES / role / "tasks/main.yml").read_text())
    first = tasks[0]
    assert first["ansible.builtin.include_role"] == {"name": "selinux", "tasks_from": "boolean"}
    assert first["vars"] == {"selinux_boolean": f"{role}_connect_any", "selinux_service": f"{role}.service"}
    assert first["when"] == f"{role}_selinux"
    assert YAML(typ="safe").load((ROLES / role / "defaults/main.yml").read_text())[f"{role}_selinux"] is False
