"""RKE2 unpacked elsewhere than under /usr/local: what is shipped with it looks where it lies, as upstream's installer sees to."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.plans import ROOT

pytestmark = [pytest.mark.unit, pytest.mark.proves("reality C18")]

SHIPPED = ROOT / "stardock/lab/standin/tree/bin"


def test_the_uninstaller_takes_away_what_was_unpacked_elsewhere(tmp_path: Path) -> None:
    prefix = tmp_path / "opt/rke2"
    (prefix / "bin").mkdir(parents=True)
    before = (SHIPPED / "rke2-uninstall.sh").read_text()
    assert "/usr/local" in before, "as the real one is shipped"
    (prefix / "bin/rke2-uninstall.sh").write_text(before)
    (prefix / "bin/rke2-uninstall.sh").chmod(0o755)
    role = {"name": "rke2", "tasks_from": "prefix"}
    play = [{"ansible.builtin.include_role": role, "vars": {"rke2_found": {"prefix": str(prefix)}}}]
    (tmp_path / "play.yml").write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": play}]))
    python = f"ansible_python_interpreter={sys.executable}"
    command = ["ansible-playbook", "-i", "m1,", "-c", "local", "-e", python, str(tmp_path / "play.yml")]
    environment = {**os.environ, "ANSIBLE_ROLES_PATH": str(ROOT / "ansible/roles")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    after = prefix / "bin/rke2-uninstall.sh"
    commands = [line for line in after.read_text().splitlines() if not line.startswith("#")]
    assert not [line for line in commands if "/usr/local" in line]
    assert [line for line in commands if str(prefix) in line]
    assert after.stat().st_mode & 0o777 == 0o755


def test_it_is_done_wherever_the_prefix_is_another_and_before_the_installation_counts_as_done() -> None:
    tasks = YAML(typ="safe").load((ROOT / "ansible/roles/rke2/tasks/install.yml").read_text())
    names = [task["name"] for task in tasks]
    (found,) = [task for task in tasks if task.get("ansible.builtin.include_tasks") == "prefix.yml"]
    assert "rke2_found.prefix != '/usr/local'" in found["when"]
    assert names.index("Unpack") < names.index(found["name"]) < names.index("Remember what is installed")
