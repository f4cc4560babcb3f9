"""One silent agent no longer stops a bootstrap: the real role and the plays' real patterns, over machines some of which are silent."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from stardock.bundle.kubernetes import facts
from stardock.distributions.rke2 import RKE2
from stardock.playbooks.progress import LEAVES_OUT, STOPS

pytestmark = pytest.mark.unit

ANSIBLE = Path(__file__).parents[3] / "ansible"
GROUPS = {"loadbalancer": ["lb1"], "server": ["server1", "server2"], "agent": ["agent1", "agent2", "agent3"], "founder": ["server1"]}
VARIABLES = {**facts(RKE2), "reachable_timeout": 1, "ansible_python_interpreter": sys.executable}
TOUCH = {"ansible.builtin.debug": {"msg": "TOUCHED {{ inventory_hostname }}"}}
REACHED: dict[str, Any] = {"hosts": "all:!silent", "any_errors_fatal": True, "roles": ["reachable"], "tasks": [TOUCH]}


def play(tmp_path: Path, silent: set[str], *plays: dict[str, Any], left_out: tuple[str, ...] = ()) -> tuple[int, list[str], str]:
    """Ansible's code, the machines that got to TOUCH in order, and what it said."""
    dead = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1}
    hosts = {name: dead if name in silent else {"ansible_connection": "local"} for names in GROUPS.values() for name in names}
    children: dict[str, Any] = {
        group: {"hosts": {name: {} for name in names}} for group, names in {**GROUPS, "silent": list(left_out)}.items()
    }
    (tmp_path / "hosts.yml").write_text(json.dumps({"all": {"hosts": hosts, "children": children, "vars": VARIABLES}}))
    (tmp_path / "play.yml").write_text(json.dumps([{"gather_facts": False, **one} for one in plays]))
    environment = {
        **os.environ,
        "ANSIBLE_ROLES_PATH": str(ANSIBLE / "roles"),
        "ANSIBLE_COLLECTIONS_PATH": str(ANSIBLE / "collections"),
        "ANSIBLE_NOCOLOR": "1",
    }
    command = ["ansible-playbook", "-i", str(tmp_path / "hosts.yml"), str(tmp_path / "play.yml")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, re.findall(r'"msg": "TOUCHED (\w+)"', done.stdout), done.stdout


@pytest.mark.proves("reality D31")
def test_an_agent_that_does_not_answer_is_left_out_of_this_and_of_all_later_plays_and_everything_else_is_done(tmp_path: Path) -> None:
    later: dict[str, Any] = {
        "hosts": "all:!silent",
        "any_errors_fatal": True,
        "roles": [{"role": "together", "run_once": True}],
        "tasks": [TOUCH],
    }
    code, reached, words = play(tmp_path, {"agent1", "agent3"}, REACHED, later)
    answering = ["lb1", "server1", "server2", "agent2"]
    assert code == 0, words
    assert sorted(reached) == sorted(answering * 2)


@pytest.mark.proves("reality D31")
@pytest.mark.parametrize("silent", ["server2", "lb1"])
def test_a_silent_server_or_load_balancer_stops_everything_before_anything_is_changed(tmp_path: Path, silent: str) -> None:
    code, reached, words = play(tmp_path, {silent, "agent1"}, REACHED)
    assert (code == 0, reached) == (False, []), words
    assert "timed out waiting for ping module test" in words


def test_an_agent_whose_address_nobody_knows_is_asked_nothing(tmp_path: Path) -> None:
    code, reached, words = play(tmp_path, {"agent1"}, REACHED, left_out=("agent1",))
    assert (code, sorted(reached)) == (0, ["agent2", "agent3", "lb1", "server1", "server2"]), words


def test_one_that_no_longer_answers_when_the_machines_are_asked_what_they_know_is_left_out_too(tmp_path: Path) -> None:
    asked = YAML(typ="safe").load(ANSIBLE / "founder.yml")[0]
    code, reached, words = play(tmp_path, {"agent1"}, asked | {"become": False}, {"hosts": asked["hosts"], "tasks": [TOUCH]})
    assert (code, sorted(reached)) == (0, ["agent2", "agent3", "lb1", "server1", "server2"]), words


def test_every_play_that_may_meet_an_agent_passes_over_the_silent_ones() -> None:
    """Those of servers, load balancers and the founder meet none."""
    plays = [play for file in ANSIBLE.glob("*.yml") for play in YAML(typ="safe").load(file) if "hosts" in play]
    meeting = [play for play in plays if re.search(r"\ball\b|agent", play["hosts"])]
    assert len(meeting) > 5
    assert [play["name"] for play in meeting if not re.search(r"!silent|&one_at_a_time", play["hosts"])] == []


def agents_play(name: str, failing: str = "", *, after: bool = False) -> dict[str, Any]:
    """A play of agents.yml, its role exchanged for TOUCH, which fails on one machine; `after` its service was started."""
    found: dict[str, Any] = next(one for one in YAML(typ="safe").load(ANSIBLE / "agents.yml") if one["name"] == f"Agents: {name}")
    wait = {"ansible.builtin.shell": f"test {{{{ inventory_hostname }}}} != {failing}", "register": "kubernetes_wait"}
    fails = {"ansible.builtin.fail": {"msg": "no"}, "when": f"inventory_hostname == '{failing}'"}
    block = found["tasks"][0]  # of those that may come behind it, preflight has tests of its own
    kept = [task for task in block["block"] if "ansible.builtin.assert" in task]
    return found | {"become": False, "tasks": [block | {"block": [*kept, wait if after else fails, TOUCH]}]}


CHOOSE: dict[str, Any] = {"hosts": "agent", "tasks": [{"ansible.builtin.group_by": {"key": "one_at_a_time"}}]}
LATER: dict[str, Any] = {"hosts": "founder", "tasks": [TOUCH]}


@pytest.mark.proves("reality D31")
@pytest.mark.parametrize("name", ["reached", "the program, side by side", "ten at a time"])
def test_an_agent_that_fails_in_its_stage_stops_neither_the_others_nor_later_plays(tmp_path: Path, name: str) -> None:
    code, reached, words = play(tmp_path, set(), agents_play(name, "agent1"), agents_play(name), LATER)
    assert code == 0, words
    assert sorted(reached) == ["agent2", "agent2", "agent3", "agent3", "server1"]


@pytest.mark.proves("reality D31")
def test_one_that_serves_and_cannot_be_restarted_leaves_the_next_ones_to_be_restarted(tmp_path: Path) -> None:
    last = "those that serve and must restart, one at a time"
    code, reached, words = play(tmp_path, set(), CHOOSE, agents_play(last, "agent1"), LATER)
    assert (code, reached) == (0, ["agent2", "agent3", "server1"]), words


@pytest.mark.proves("reality D31")
def test_after_one_that_served_and_did_not_come_back_those_that_serve_are_left_as_they_are(tmp_path: Path) -> None:
    last = "those that serve and must restart, one at a time"
    code, reached, words = play(tmp_path, set(), CHOOSE, agents_play(last, "agent2", after=True), LATER)
    assert (code, reached) == (0, ["agent1", "server1"]), words
    assert "left as it is, because agent2 did not come back with the same change" in words


def test_the_task_that_leaves_a_machine_out_is_the_one_that_the_command_knows() -> None:
    role, name = LEAVES_OUT
    assert name in [task["name"] for task in YAML(typ="safe").load(ANSIBLE / "roles" / role / "tasks/leave.yml")]
    for role, name in STOPS:
        assert any(f"- name: {name}\n" in file.read_text() for file in (ANSIBLE / "roles" / role / "tasks").glob("*.yml"))
