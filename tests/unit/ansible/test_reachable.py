"""What the role waits for, and what it tells at once because waiting cannot help: the real role, with a sudo of its own."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

ROLES = Path(__file__).parents[3] / "ansible/roles"


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
