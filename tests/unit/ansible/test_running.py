"""What is read of machines before anything is changed: the real playbook, over folders; one machine is silent."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from stardock.distributions.founding import KEYS
from stardock.stages.running import read_answers

pytestmark = pytest.mark.unit

ANSIBLE = Path(__file__).parents[3] / "ansible"


def test_those_that_answer_are_reported_and_a_silent_machine_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "data/server/db/etcd/member/wal").mkdir(parents=True)
    here = {"ansible_connection": "local", "ansible_become": False, "ansible_python_interpreter": "/usr/bin/python3"}
    dead = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": "1"}
    report = tmp_path / "report.json"
    shared = {"rke2_founding_keys": list(KEYS), "rke2_report": str(report)}
    inventory = {
        "server": {"hosts": {"server1": {**here, "rke2_data_dir": str(tmp_path / "data")}, "server2": dead}},
        "agent": {"hosts": {"agent1": {**here, "rke2_data_dir": str(tmp_path / "none")}}},
    }
    (tmp_path / "hosts.json").write_text(json.dumps({"all": {"children": inventory, "vars": shared}}))
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    command = ["ansible-playbook", "-i", str(tmp_path / "hosts.json"), "running.yml"]
    done = subprocess.run(command, cwd=ANSIBLE, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert report.stat().st_mode & 0o777 == 0o600
    answers = read_answers(report)
    assert {name: one.member for name, one in answers.items()} == {"server1": True, "agent1": False}
    assert not report.exists()
