"""Services whose files changed start anew, one machine after the other: what does not start stops at the first."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

pytestmark = pytest.mark.unit

ANSIBLE = Path(__file__).parents[3] / "ansible"
PROGRAM = """#!/bin/sh
echo "$(basename "$0") $*" >>"$(dirname "$0")/calls"
case "$(basename "$0") $*" in {fails}) echo "line 3: bad" >&2; exit 1 ;; esac
"""


def restarted(tmp_path: Path, unit: str, fails: str) -> tuple[str, list[str]]:
    """What Ansible said and what was called on three machines, with the plays that follow the first."""
    for name in ("systemctl", "sshd"):
        (tmp_path / name).write_text(PROGRAM.format(fails=fails))
        (tmp_path / name).chmod(0o755)
    (tmp_path / "calls").touch()
    written = {"pending": [f"unit-{unit}"], "paths": []}
    here = {"ansible_connection": "local", "ansible_python_interpreter": "/usr/bin/python3", "machine_written": written}
    hosts: dict[str, Any] = dict.fromkeys(("lb1", "lb2", "server1"), here)
    (tmp_path / "hosts.json").write_text(json.dumps({"all": {"hosts": hosts, "children": {"restarting": {"hosts": hosts}, "silent": {}}}}))
    plays = YAML(typ="safe").load((ANSIBLE / "machines.yml").read_text())[1:]
    (tmp_path / "play.json").write_text(json.dumps([{**play, "become": False, "gather_facts": False} for play in plays]))
    environment = {**os.environ, "ANSIBLE_ROLES_PATH": str(ANSIBLE / "roles"), "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    command = ["ansible-playbook", "-i", str(tmp_path / "hosts.json"), str(tmp_path / "play.json")]
    done = subprocess.run(command, cwd=ANSIBLE, env=environment, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr, (tmp_path / "calls").read_text().splitlines()


ACTIVE = "systemctl is-active --quiet"


def test_each_machine_restarts_what_runs(tmp_path: Path) -> None:
    said, calls = restarted(tmp_path, "chrony.service", "none")
    assert calls == [f"{ACTIVE} chrony.service", "systemctl restart chrony.service"] * 3, said


def test_a_service_that_does_not_start_with_its_new_file_stops_at_the_first_machine(tmp_path: Path) -> None:
    said, calls = restarted(tmp_path, "chrony.service", '"systemctl restart"*')
    assert calls == [f"{ACTIVE} chrony.service", "systemctl restart chrony.service"], said


@pytest.mark.parametrize("unit", ["ssh.service", "sshd.service"])
def test_sshd_is_not_restarted_with_a_file_that_it_refuses_or_nobody_could_mend_it(tmp_path: Path, unit: str) -> None:
    said, calls = restarted(tmp_path, unit, '"sshd -t"')
    assert calls == [f"{ACTIVE} {unit}", "sshd -t"], said
    assert "line 3: bad" in said


def test_the_mark_of_haproxy_goes_only_once_its_configuration_is_in_force() -> None:
    """A reload succeeds although the new process could not start: without its mark no later run would try again."""
    tasks = YAML(typ="safe").load((ANSIBLE / "roles/haproxy/tasks/main.yml").read_text())
    names = [task["name"] for task in tasks]
    assert names.index("The configuration is in force") < names.index("Clear the pending mark")
