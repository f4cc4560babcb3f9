"""Every text of the user's arrives in Ansible as it is: none is a template, whatever it looks like."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from stardock.bundle import write_bundle
from stardock.bundle.inventory import inventory_files
from stardock.bundle.text import Template, yaml_text
from stardock.model.facts import Facts
from stardock.model.plan import Plan
from stardock.plan.build import build
from stardock.spec import load_spec
from stardock.workspace.secrets import Secrets, load_secrets, save_secrets
from tests import hostile_texts

pytestmark = pytest.mark.unit

ANSIBLE = Path(__file__).parents[3] / "ansible"
MACHINES = ("server2", "agent1")
#: Texts in a language of Ansible's, YAML's or of a terminal; the walk through Terraform has the others.
LANGUAGES = ("expression", "statement", "unclosed", "header", "harmless header", "raw", "unsafe", "object", "quotes", "escape sequence")

#: All variables of each machine, and what the role kubernetes makes of them: text that it would write there.
PLAY = """
- hosts: localhost
  gather_facts: false
  tasks:
    - ansible.builtin.copy:
        dest: "{{ out }}"
        content: "{{ dict(names | zip(names | map('extract', hostvars))) | to_json }}"
        mode: "0600"
      vars:
        names: "{{ groups['machines'] }}"
- hosts: machines
  gather_facts: false
  tasks:
    - ansible.builtin.include_vars: "{{ role }}/vars/main.yml"
    - ansible.builtin.copy:
        dest: "{{ out }}.{{ inventory_hostname }}"
        content: "{{ {'config': kubernetes_main.content, 'node': kubernetes_registration_file.content, 'files': machine_files} | to_json }}"
        mode: "0600"
"""


@dataclass(frozen=True)
class Walk:
    """What was planted, what was handed over by machine, what Ansible had then, what the role made of it."""

    canary: Path
    planted: tuple[hostile_texts.Planted, ...]
    given: dict[str, dict[str, Any]]
    arrived: dict[str, dict[str, Any]]
    made: dict[str, dict[str, Any]]


def plan_of(data: dict[str, Any], folder: Path) -> Plan:
    return build(load_spec(hostile_texts.write(data, folder)), None, "cluster.yaml")[0]


def own_variables(plan: Plan, name: str) -> dict[str, Any]:
    """All variables of one machine, without the templates that are meant as such."""
    files = inventory_files(plan, Facts(cluster=plan.cluster))
    groups = {} if plan.machine(name).role != "loadbalancer" else files["group_vars/loadbalancer.yml"]
    whole = {**files["group_vars/all.yml"], **groups, **files[f"host_vars/{name}.yml"]}
    return {key: value for key, value in whole.items() if not isinstance(value, Template)}


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Walk:
    """Every hostile text in every place, through one run of Ansible."""
    folder = tmp_path_factory.mktemp("walk")
    canary = folder / "canary"
    given: dict[str, dict[str, Any]] = {}
    planted: list[hostile_texts.Planted] = []
    for number, (_, data, places) in enumerate(hostile_texts.hostile_documents(folder, canary, LANGUAGES)):
        plan = plan_of(data, folder)
        planted += places
        given |= {f"d{number}-{name}": own_variables(plan, name) for name in MACHINES}
    here = {"ansible_connection": "local", "ansible_python_interpreter": "/usr/bin/python3"}
    inventory = folder / "inventory"
    (inventory / "host_vars").mkdir(parents=True)
    (inventory / "hosts.yml").write_text(
        yaml_text({"all": {"children": {"machines": {"hosts": {name: {} for name in given}}}, "vars": here}})
    )
    for name, variables in given.items():
        text = yaml_text({**variables, "ansible_become": False, **here, "kubernetes_type": "agent", "kubernetes_artifacts": ""})
        (inventory / f"host_vars/{name}.yml").write_text(text)
    (folder / "play.yml").write_text(PLAY)
    variables = {"out": str(folder / "out"), "role": str(ANSIBLE / "roles/kubernetes")}
    command = ["ansible-playbook", "-i", str(inventory), str(folder / "play.yml"), "-e", json.dumps(variables), "--forks", "4"]
    done = subprocess.run(command, cwd=ANSIBLE, env=os.environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    arrived = json.loads((folder / "out").read_text())
    made = {name: json.loads(file.read_text()) for name in given if (file := folder / f"out.{name}").exists()}
    return Walk(canary, tuple(planted), given, arrived, made)


@pytest.mark.proves("hostile 5")
def test_every_text_of_every_place_arrives_in_ansible_as_it_is(walk: Walk) -> None:
    changed = ("ansible_python_interpreter",)
    for machine, variables in walk.given.items():
        for name, value in variables.items():
            if name not in changed:
                assert walk.arrived[machine][name] == json.loads(json.dumps(value)), (machine, name)
    assert not walk.canary.exists()


@pytest.mark.proves("hostile 5")
def test_no_place_of_the_ansible_half_was_left_out(walk: Walk) -> None:
    """Each place whose text a machine of this walk gets is found again in what arrived."""
    whole = json.dumps(walk.arrived)
    found = {one.keys for one in walk.planted if json.dumps(one.text)[1:-1] in whole}
    assert len(found) > 60
    assert {
        ("cloud_init", "user_data", "write_files", 0, "content"),
        ("cloud_init", "user_data", "write_files", 0, "path"),
        ("pools", 2, "cloud_init", "user_data", "write_files", 0, "content"),
        ("ssh", "keys", 0),
        ("cloud_init", "users", 0, "keys", 0),
        ("cloud_init", "mirrors", "debian"),
        ("distribution", "url"),
        ("distribution", "options", "kubelet-arg", 0),
    } <= found


@pytest.mark.proves("hostile 5")
def test_what_a_role_writes_holds_the_texts_as_they_are(walk: Walk) -> None:
    assert walk.made
    for machine, made in walk.made.items():
        given = walk.given[machine]
        assert YAML(typ="safe").load(made["config"]) == json.loads(json.dumps(given["kubernetes_config"])), machine
        assert YAML(typ="safe").load(made["node"]) == json.loads(json.dumps(given["kubernetes_registration"])), machine
        assert made["files"] == json.loads(json.dumps(given["machine_files"])), machine


@pytest.mark.parametrize("name", ["header", "expression", "escape sequence"])
def test_a_whole_bundle_with_hostile_texts_in_a_folder_of_a_hostile_name_is_read_by_a_bare_ansible(name: str, tmp_path: Path) -> None:
    ((_, data, _places),) = hostile_texts.hostile_documents(tmp_path, tmp_path / "canary", [name])
    plan = plan_of(data, tmp_path)
    directory = tmp_path / "it's \"a\" -o ProxyCommand='touch canary' {{ lookup('pipe', 'touch canary') }} %h"
    write_bundle(plan, Facts(cluster=plan.cluster), directory)
    task = {"ansible.builtin.debug": {"msg": "{{ {'is': [ansible_ssh_common_args, machine_files, kubeconfig_server]} | to_json }}"}}
    play = {"hosts": "server2", "gather_facts": False, "connection": "local", "tasks": [task]}
    (directory / "play.json").write_text(json.dumps([play]))
    environment = {**os.environ, "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.minimal"}
    command = ["ansible-playbook", "-i", "inventory", "play.json"]
    done = subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    shown = json.loads(done.stdout[done.stdout.index("{") :])["msg"]
    arguments, files, _ = (shown if isinstance(shown, dict) else json.loads(shown))["is"]
    assert files == json.loads(json.dumps(own_variables(plan, "server2")["machine_files"]))
    assert_known_hosts(arguments, directory)
    assert not list(tmp_path.rglob("canary"))


def assert_known_hosts(arguments: str, directory: Path) -> None:
    """That ssh takes these options for one file, and for no other option; the way through is the jump host's alone."""
    asked = subprocess.run(["ssh", "-G", "-F", "none", *shlex.split(arguments), "host"], capture_output=True, text=True, check=True)
    found = dict(line.split(" ", 1) for line in asked.stdout.splitlines() if " " in line)
    assert found["userknownhostsfile"] == f"{directory}/known_hosts"
    through = "ssh -o BatchMode=yes -o StrictHostKeyChecking=yes -o ForwardAgent=no -p 22 -W [%h]:%p ops@bastion2.home.arpa"
    assert found["proxycommand"] == through


def test_tokens_of_any_text_go_through_the_same_door_and_back(tmp_path: Path) -> None:
    for text in hostile_texts.HOSTILE.values():
        values = Secrets(token=text, agent_token=f"a{text}")
        save_secrets(tmp_path / "secrets.yaml", values)
        assert load_secrets(tmp_path / "secrets.yaml") == values
        written = (tmp_path / "secrets.yaml").read_text()
        assert ("!unsafe" in written) == any(mark in text for mark in ("{{", "{%", "{#", "#jinja2:"))
