"""Whether anybody may found: the real role, over machines that are folders here (invariant 4)."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ANSIBLE = Path(__file__).parents[3] / "ansible"
OURS, THEIRS = hashlib.sha256(b"ours").hexdigest(), hashlib.sha256(b"theirs").hexdigest()
SERVERS = ("server1", "server2", "server3")
HOSTS = ("lb1", *SERVERS, "agent1")

PLAYBOOK = """
- hosts: all
  tasks:
    - ansible.builtin.include_role: {name: founding, tasks_from: observe}
- hosts: localhost
  tasks:
    - ansible.builtin.include_role: {name: founding, tasks_from: decide}
    - ansible.builtin.debug:
        msg: "DECIDED now={{ founding_now }} starts={{ founding_starts }} agreed={{ founding_agreed }}"
"""


@dataclass
class World:
    """Machines as folders. `data`: server -> content of its CA; `marks`: machine -> sha256; `silent` do not answer."""

    directory: Path
    data: dict[str, str] = field(default_factory=dict)
    marks: dict[str, str] = field(default_factory=dict)
    silent: tuple[str, ...] = ()
    known: str = ""
    again: str = ""

    def _host(self, name: str) -> dict[str, str]:
        folder = self.directory / name
        folder.mkdir()
        if name in self.data:
            (folder / "server/db/etcd/member/wal").mkdir(parents=True)
            (folder / "server/tls").mkdir()
            (folder / "server/tls/server-ca.crt").write_text(self.data[name])
        if name in self.marks:
            (folder / "founded").write_text(self.marks[name] + "\n")
        dead = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": "1"}
        alive = {"ansible_connection": "local", "ansible_python_interpreter": "/usr/bin/python3"}
        return {"founding_data_dir": str(folder), "founding_mark": str(folder / "founded"), **(dead if name in self.silent else alive)}

    def decide(self) -> str:
        """Run the role; what it decided, or its refusal."""
        hosts = {name: self._host(name) for name in HOSTS}
        groups: dict[str, object] = {"server": {"hosts": {name: {} for name in SERVERS}}}
        common = {"founding_cluster": "demo", "founding_founder": "server1", "founding_known": self.known, "founding_again": self.again}
        inventory = {"all": {"hosts": hosts, "children": groups, "vars": common}}
        (self.directory / "hosts.yml").write_text(json.dumps(inventory))
        (self.directory / "play.yml").write_text(PLAYBOOK)
        environment = {
            "ANSIBLE_ROLES_PATH": str(ANSIBLE / "roles"),
            "ANSIBLE_GATHERING": "explicit",
            "ANSIBLE_NOCOLOR": "1",
            "COLUMNS": "200",
        }
        command = ["ansible-playbook", "-i", str(self.directory / "hosts.yml"), str(self.directory / "play.yml")]
        done = subprocess.run(command, env={**_path(), **environment}, capture_output=True, text=True, check=False)
        return " ".join(done.stdout.split())


def _path() -> dict[str, str]:
    return {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_empty_machines_are_founded_by_the_founder(world: World) -> None:
    assert "DECIDED now=True starts=True agreed=" in world.decide()


def test_a_founder_with_data_goes_on_after_a_kill_before_the_mark(world: World) -> None:
    world.data = {"server1": "ours"}
    assert "DECIDED now=False starts=True" in world.decide()


def test_a_founder_that_lost_its_disk_joins_the_others(world: World) -> None:
    world.data = {"server2": "ours", "server3": "ours"}
    world.marks = dict.fromkeys(("lb1", "server2", "server3", "agent1"), OURS)
    assert f"DECIDED now=False starts=False agreed={OURS}" in world.decide()


@pytest.mark.parametrize("who", ["lb1", "agent1", "server3"])
def test_all_disks_empty_but_one_machine_remembers_is_refused(world: World, who: str) -> None:
    world.marks = {who: OURS}
    said = world.decide()
    assert "DECIDED" not in said
    assert "refused to found again" in said
    assert "runner bootstrap --found-again demo" in said


def test_all_disks_empty_but_the_facts_remember_is_refused(world: World) -> None:
    world.known = OURS
    assert "refused to found again" in world.decide()


def test_nobody_founds_while_another_server_is_silent(world: World) -> None:
    world.silent = ("server2",)
    said = world.decide()
    assert "DECIDED" not in said
    assert "server2 cannot be reached: refused to found" in said


def test_a_silent_server_does_not_stop_a_founded_cluster(world: World) -> None:
    world.data, world.marks, world.silent = {"server1": "ours", "server2": "ours"}, {"server1": OURS}, ("server3",)
    assert "DECIDED now=False starts=True" in world.decide()


def test_found_again_needs_the_clusters_name(world: World) -> None:
    world.marks, world.again = {"lb1": OURS}, "other"
    said = world.decide()
    assert "DECIDED" not in said
    assert "the name typed is other" in said


def test_found_again_with_the_name_founds_when_every_server_is_empty(world: World) -> None:
    world.marks, world.known, world.again = {"lb1": OURS, "agent1": THEIRS}, OURS, "demo"
    assert "DECIDED now=True starts=True" in world.decide()


def test_found_again_is_refused_while_a_server_has_data(world: World) -> None:
    world.data, world.again = {"server3": "ours"}, "demo"
    said = world.decide()
    assert "DECIDED" not in said
    assert "server3 still holds etcd data" in said


def test_found_again_is_refused_while_a_server_is_silent(world: World) -> None:
    world.marks, world.again, world.silent = {"lb1": OURS}, "demo", ("server3",)
    assert "server3 cannot be reached: refused to found" in world.decide()


def test_marks_of_two_clusters_are_refused(world: World) -> None:
    world.marks = {"lb1": OURS, "agent1": THEIRS}
    assert "marks of different clusters" in world.decide()


def test_a_server_with_another_clusters_data_is_refused(world: World) -> None:
    world.data, world.marks = {"server1": "ours", "server2": "theirs"}, {"lb1": OURS}
    assert "data of another cluster" in world.decide()
