"""A machine that stops answering ends the run: Ansible by itself would go on with the next machines and plays."""

from __future__ import annotations

import configparser
import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from stardock.bundle.kubernetes import facts
from stardock.distributions.rke2 import RKE2

pytestmark = pytest.mark.unit

ROLES = Path(__file__).parents[3] / "ansible/roles"
TOGETHER = {"role": "together"}
TOUCH = {"ansible.builtin.debug": {"msg": "TOUCHED {{ inventory_hostname }}"}}
REACH = {"ansible.builtin.raw": "true"}


def touched(tmp_path: Path, *plays: dict[str, object]) -> list[str]:
    """The machines that got to the task TOUCH, one of five being silent."""
    silent = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1}
    here = {"ansible_connection": "local"}
    hosts = {name: silent if name == "server2" else here for name in ("lb1", "server1", "server2", "server3", "agent1")}
    servers: dict[str, object] = {name: {} for name in hosts if name.startswith("server")}
    groups = {"server": {"hosts": servers}, "agent": {"hosts": {"agent1": {}}}, "silent": {"hosts": {}}}
    (tmp_path / "hosts.yml").write_text(json.dumps({"all": {"hosts": hosts, "children": groups, "vars": facts(RKE2)}}))
    (tmp_path / "play.yml").write_text(json.dumps([{"gather_facts": False, "any_errors_fatal": True, **play} for play in plays]))
    environment = {**os.environ, "ANSIBLE_ROLES_PATH": str(ROLES), "ANSIBLE_NOCOLOR": "1"}
    command = ["ansible-playbook", "-i", str(tmp_path / "hosts.yml"), str(tmp_path / "play.yml")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return re.findall(r'"msg": "TOUCHED (\w+)"', done.stdout)


def test_one_at_a_time_stops_at_the_machine_that_is_lost(tmp_path: Path) -> None:
    play: dict[str, object] = {"hosts": "server", "serial": 1, "roles": [TOGETHER], "tasks": [REACH, TOUCH]}
    assert touched(tmp_path, play) == ["server1"]


def test_the_next_stage_does_not_begin(tmp_path: Path) -> None:
    lost: dict[str, object] = {"hosts": "server2", "tasks": [REACH]}
    gate: dict[str, object] = {"hosts": "all", "roles": [TOGETHER]}
    agents: dict[str, object] = {"hosts": "agent", "tasks": [TOUCH]}
    assert touched(tmp_path, lost, gate, agents) == []


def test_a_silent_machine_is_put_up_with_while_the_machines_are_asked_what_they_know(tmp_path: Path) -> None:
    asked = YAML(typ="safe").load(ROLES.parent / "founder.yml")[0]
    here: dict[str, object] = {"hosts": "localhost", "connection": "local", "tasks": [TOUCH]}
    assert touched(tmp_path, asked, here) == ["localhost"]


def test_a_command_that_hangs_on_a_machine_holds_no_run_for_ever() -> None:
    """Only drains have a bound of their own, which a person may choose."""
    settings = configparser.ConfigParser(interpolation=None)
    settings.read(ROLES.parent / "ansible.cfg")
    assert 3600 < settings.getint("defaults", "task_timeout") <= 7200
    texts = {path.name: path.read_text() for path in ROLES.glob("*/tasks/*.yml")}
    assert {name for name, text in texts.items() if re.search(r"^ *timeout: 0\b", text, re.MULTILINE)} == {"aside.yml", "drain.yml"}


def test_who_puts_up_with_a_silent_machine_says_that_it_is_not_fatal() -> None:
    """Ansible (2.19, linear strategy) otherwise ends a play under any_errors_fatal for that machine, without a word."""
    tasks = [task for file in ROLES.glob("*/tasks/*.yml") for task in YAML(typ="safe").load(file) or ()]
    patient = [task for task in tasks if task.get("ignore_unreachable")]
    assert patient
    assert [task["name"] for task in patient if task.get("any_errors_fatal") is not False] == []
