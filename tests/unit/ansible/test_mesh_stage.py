"""The stage `mesh` by itself: the real plays over machines of which some do not answer, and a mesh that is taken out half made."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import jinja2
import pytest
import yaml

from stardock.bundle.kubernetes import facts
from stardock.distributions.rke2 import RKE2
from tests.plans import ROOT

pytestmark = [pytest.mark.unit, pytest.mark.proves("feature mesh")]

ANSIBLE = ROOT / "ansible"
ROLE = ANSIBLE / "roles/mesh"
GROUPS = {"loadbalancer": ["lb1"], "server": ["server1"], "agent": ["agent1", "agent2"]}
HERE = {"ansible_connection": "local"}
DEAD = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1}
SHARED = {**facts(RKE2), "reachable_timeout": 1, "ansible_become": False, "ansible_python_interpreter": "/usr/bin/python3"}
TOUCH = {"name": "Touch", "ansible.builtin.debug": {"msg": "TOUCHED {{ inventory_hostname }}"}}


def plays(folder: Path, traces: list[str]) -> list[dict[str, Any]]:
    """Those of mesh.yml, with the role's work left out of those that have a mesh, and traces of the test's."""
    found: list[dict[str, Any]] = yaml.safe_load((ANSIBLE / "mesh.yml").read_text())
    for play in found[1:3]:
        play["tasks"], play["roles"] = [TOUCH], [one for one in play.get("roles", []) if one["role"] == "together"]
    found[3]["vars"]["mesh_traces"] = traces
    (folder / "play.yml").write_text(json.dumps([{"gather_facts": False, **one} for one in found]))
    return found


def stage(folder: Path, silent: set[str], mesh: list[str], traces: tuple[str, ...] = (), *words: str) -> tuple[int, str]:
    plays(folder, list(traces))
    hosts = {name: DEAD if name in silent else HERE for names in GROUPS.values() for name in names}
    children: dict[str, Any] = {group: {"hosts": {name: {} for name in names}} for group, names in {**GROUPS, "mesh": mesh}.items()}
    (folder / "hosts.json").write_text(json.dumps({"all": {"hosts": hosts, "children": children, "vars": SHARED}}))
    paths = {"ANSIBLE_ROLES_PATH": str(ANSIBLE / "roles"), "ANSIBLE_COLLECTIONS_PATH": str(ANSIBLE / "collections")}
    command = ["ansible-playbook", "-i", str(folder / "hosts.json"), str(folder / "play.yml"), *words]
    done = subprocess.run(command, env={**os.environ, **paths, "ANSIBLE_NOCOLOR": "1"}, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def test_one_agent_that_is_off_does_not_stop_the_stage_alone(tmp_path: Path) -> None:
    code, said = stage(tmp_path, {"agent2"}, ["lb1", "server1", "agent1", "agent2"])
    assert code == 0, said
    assert {name: said.count(f"TOUCHED {name}") for name in ("lb1", "server1", "agent1", "agent2")} == {
        "lb1": 2,
        "server1": 2,
        "agent1": 2,
        "agent2": 0,
    }


def test_a_server_that_is_off_stops_it(tmp_path: Path) -> None:
    code, said = stage(tmp_path, {"server1"}, ["lb1", "server1", "agent1", "agent2"])
    assert (code == 0, "TOUCHED" in said) == (False, False), said


@pytest.mark.parametrize(("silent", "goes_on"), [("agent2", True), ("server1", False)])
def test_without_a_mesh_an_agent_that_is_off_stops_nobody_and_a_server_does(tmp_path: Path, silent: str, goes_on: bool) -> None:
    code, said = stage(tmp_path, {silent}, [])
    assert (code == 0) is goes_on, said
    # by its role the controller knows that it was not reached, and says what to do
    assert goes_on or "TASK [reachable : Stop for a machine that others depend on]" in said


def removal(folder: Path, *, stays: str = "") -> subprocess.CompletedProcess[str]:
    """What takes a mesh out, on a machine of the test's: `stays` is link or rules."""
    (folder / "bin").mkdir()
    for name in ("systemctl", "ip", "nft"):
        text = "#!/bin/sh\n" + ('[ "$1" = list ] && exit 1\n' if name == "nft" and stays != "rules" else "")
        (folder / "bin" / name).write_text(text)
        (folder / "bin" / name).chmod(0o755)
    for trace in ("etc/stardock/mesh", "etc/systemd/system", *(["sys/class/net/stardock0"] if stays == "link" else [])):
        (folder / trace).mkdir(parents=True)
    (folder / "etc/systemd/system/stardock-mesh.service").touch()
    script = yaml.safe_load((ROLE / "tasks/remove.yml").read_text())[0]["block"][2]["ansible.builtin.shell"]
    text = jinja2.Template(script).render()
    for root in ("/etc/", "/sys/", "/run/"):
        text = text.replace(f" {root}", f" {folder}{root}")
    path = {"PATH": f"{folder}/bin:/usr/bin:/bin"}
    return subprocess.run(["/bin/sh", "-c", text], capture_output=True, text=True, check=False, env=path)


def test_what_is_taken_out_leaves_nothing(tmp_path: Path) -> None:
    assert removal(tmp_path).returncode == 0
    assert [path.name for path in tmp_path.rglob("*mesh*")] == []


@pytest.mark.parametrize(("stays", "words"), [("link", "interface stardock0 does not go"), ("rules", "stardock_mesh, do not go")])
def test_while_its_interface_or_its_rules_are_there_the_next_run_finds_it(tmp_path: Path, stays: str, words: str) -> None:
    done = removal(tmp_path, stays=stays)
    assert (done.returncode, words in done.stderr) == (1, True)
    assert (tmp_path / "etc/systemd/system/stardock-mesh.service").exists()
    assert (tmp_path / "etc/stardock/mesh").exists()


def test_a_part_of_a_mesh_whose_unit_was_never_written_is_found(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    code, said = stage(tmp_path, set(), [], (str(tmp_path / "not"), str(tmp_path / "there")), "--check")
    assert code == 0, said
    assert said.count("changed: [") == 4, said
    assert "changed: [" not in stage(tmp_path, set(), [], (str(tmp_path / "not"),), "--check")[1]


def test_ansible_makes_of_what_a_member_holds_what_plain_jinja_does(tmp_path: Path) -> None:
    """agent2 is off and nobody remembers its key; lb1 does, and has agent1's from server1."""
    key, other, third = (letter * 42 + "A=" for letter in "ABC")
    peers = [{"name": name, "allowed": ["10.98.0.9/32"], "endpoint": "", "keepalive": 0} for name in ("server1", "agent1", "agent2")]
    lines = [f"agent2={key}", f"agent2={key}x", f"agent1={third}", "="]
    given = {"mesh_peers": peers, "mesh_known_keys": {}, "mesh_new_keys": [], "mesh_far": {"agent1": "10.98.0.4", "agent2": "10.98.0.5"}}
    said = {"lb1": other, "server1": third}
    hosts = {name: {**HERE, **({"mesh_public_key": said[name]} if name in said else {})} for name in ("lb1", "server1", "agent1", "agent2")}
    groups = {"mesh": list(hosts), "agent": ["agent1", "agent2"], "silent": ["agent2"]}
    children: dict[str, Any] = {group: {"hosts": {name: {} for name in names}} for group, names in groups.items()}
    (tmp_path / "hosts.json").write_text(json.dumps({"all": {"hosts": hosts, "children": children, "vars": {**SHARED, **given}}}))
    print_lines = {"ansible.builtin.command": {"argv": ["printf", "%s\\n", *lines]}, "register": "mesh_held_said"}
    show = "{{ [mesh_unheard, mesh_told | items2dict('name', 'key'), mesh_far_here, mesh_absent] | to_json }}"
    write = {"ansible.builtin.copy": {"content": show, "dest": str(tmp_path / "seen")}, "when": "inventory_hostname == 'lb1'"}
    play = {"hosts": "mesh:!silent", "gather_facts": False, "vars_files": [str(ROLE / "vars/main.yml")], "tasks": [print_lines, write]}
    (tmp_path / "play.yml").write_text(json.dumps([play]))
    command = ["ansible-playbook", "-i", str(tmp_path / "hosts.json"), str(tmp_path / "play.yml")]
    done = subprocess.run(command, env={**os.environ, "ANSIBLE_NOCOLOR": "1"}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    unheard, told, far, absent = json.loads((tmp_path / "seen").read_text())
    assert (unheard, far, absent) == (["agent1", "agent2"], {"agent1": "10.98.0.4"}, ["agent2"])
    assert told == {"server1": third, "agent2": key}, "agent1's is server1's, who says it"
