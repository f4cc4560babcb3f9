"""A machine may answer any module with facts: none becomes a variable, for itself or for the server that tasks of its are sent to."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from stardock.bundle.kubernetes import facts
from stardock.distributions.rke2 import RKE2 as KUBERNETES

pytestmark = pytest.mark.unit

ANSIBLE = Path(__file__).parents[3] / "ansible"
#: Any module, as a machine answers that its owner does not control any more.
LIAR = """#!/usr/bin/python3
# WANT_JSON
print('{"ansible_facts": {"kubernetes_data_dir": "$(touch owned)", "kubernetes_node": {"name": "server1"}}}')
"""


def test_what_a_machine_calls_facts_replaces_no_variable(tmp_path: Path) -> None:
    (tmp_path / "library").mkdir()
    (tmp_path / "library/anything").write_text(LIAR)
    here = {
        **facts(KUBERNETES),
        "ansible_connection": "local",
        "ansible_python_interpreter": "/usr/bin/python3",
        "kubernetes_type": "agent",
    }
    agent = {**here, "kubernetes_config": {"node-name": "agent1"}, "kubernetes_node": {"name": "agent1"}}
    groups = {"founder": {"hosts": {"server1": here}}, "agent": {"hosts": {"agent1": agent}}}
    (tmp_path / "hosts.json").write_text(json.dumps({"all": {"children": groups}}))
    role = {"name": "kubernetes", "tasks_from": "forget", "rolespec_validate": False, "public": True}
    tasks = [
        {"anything": {}},
        {"ansible.builtin.include_role": role},
        {"ansible.builtin.assert": {"that": ["hostvars['agent1'].kubernetes_node.name == 'agent1'", "'touch' not in kubernetes_kubectl"]}},
    ]
    play = {"hosts": "agent", "gather_facts": False, "tasks": tasks}
    (tmp_path / "play.json").write_text(json.dumps([play]))
    environment = {**os.environ, "ANSIBLE_ROLES_PATH": str(ANSIBLE / "roles"), "ANSIBLE_LIBRARY": str(tmp_path / "library")}
    command = ["ansible-playbook", "-i", str(tmp_path / "hosts.json"), str(tmp_path / "play.json")]
    # Its ansible.cfg lies beside the playbooks, and in each bundle.
    done = subprocess.run(command, cwd=ANSIBLE, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
