"""What the role kubernetes does when pods do not move, and when another version comes: over a kubectl and an rke2 of this test."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from stardock.bundle.kubernetes import facts
from stardock.distributions.rke2 import RKE2 as KUBERNETES

pytestmark = [pytest.mark.unit, pytest.mark.proves("reality D24")]

ROLES = Path(__file__).parents[3] / "ansible/roles"
HELD = "Cannot evict pod as it would violate the pod's disruption budget"
KUBECTL = f"""#!/bin/sh
echo "kubectl $1 $2" >>"$(dirname "$0")/calls"
case "$*" in
*unschedulable\\}}*) printf '||True' ;;
*get*) printf bootstrap ;;
*patch*) echo patched ;;
*drain*) echo "{HELD}" >&2; echo "{HELD}" >&2; exit 1 ;;
esac
"""
RKE2 = """#!/bin/sh
echo "rke2 $*" >>"$(dirname "$0")/../calls"
"""
SNAPSHOT = {"hosts": "server", "tasks": [{"ansible.builtin.import_role": {"name": "kubernetes", "tasks_from": "snapshot"}}]}
DRAIN = {"hosts": "agent", "tasks": [{"ansible.builtin.include_role": {"name": "kubernetes", "tasks_from": "drain"}}]}


def play(folder: Path, *plays: Mapping[str, object], serves: bool = True) -> tuple[str, list[str]]:
    """What Ansible said, and what was called. Two servers run an older version than the planned one."""
    (folder / "bin").mkdir()
    for name, text in {"kubectl": KUBECTL, "bin/rke2": RKE2}.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    (folder / "calls").touch()
    seen = {"stdout_lines": ["installed=v1.36.4+rke2r1 0", "state=active", "program=yes"]}
    server = {"kubernetes_served": serves, "kubernetes_outdated": True, "kubernetes_prefix": str(folder), "kubernetes_seen": seen}
    here = {
        **facts(KUBERNETES),
        "ansible_connection": "local",
        "ansible_python_interpreter": "/usr/bin/python3",
        "kubernetes_type": "agent",
    }
    known = {**here, "kubernetes_config": {"node-name": "agent1"}, "kubernetes_version": "v1.36.5+rke2r1"}
    groups = {"server": {"hosts": {"server1": server, "server2": server}}, "founder": {"hosts": {"server1": {}}}}
    (folder / "hosts.yml").write_text(json.dumps({"all": {"vars": known, "children": {**groups, "agent": {"hosts": {"agent1": {}}}}}}))
    (folder / "play.yml").write_text(json.dumps([{"gather_facts": False, **each} for each in plays]))
    (folder / "extra.json").write_text(json.dumps({"kubernetes_kubectl": str(folder / "kubectl"), "kubernetes_drain_timeout": 6}))
    command = ["ansible-playbook", "-i", str(folder / "hosts.yml"), str(folder / "play.yml"), "-e", f"@{folder}/extra.json"]
    environment = {**os.environ, "ANSIBLE_ROLES_PATH": str(ROLES), "ANSIBLE_NOCOLOR": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr, (folder / "calls").read_text().splitlines()


def test_pods_that_do_not_move_stop_the_run_with_words_and_our_cordon_is_taken_back(tmp_path: Path) -> None:
    said, calls = play(tmp_path, DRAIN)
    assert calls == ["kubectl get node", "kubectl patch node", "kubectl drain agent1", "kubectl get node", "kubectl patch node"]
    assert f"agent1 could not be drained within 6 s, so it keeps its version and takes pods again as before: {HELD}. What holds it" in said


def test_one_snapshot_a_run_before_another_version(tmp_path: Path) -> None:
    assert play(tmp_path, SNAPSHOT, SNAPSHOT)[1] == ["rke2 etcd-snapshot save --name before-v1.36.5-rke2r1"]


def test_without_a_server_that_runs_nothing_is_installed_and_the_way_on_is_told(tmp_path: Path) -> None:
    said, calls = play(tmp_path, SNAPSHOT, serves=False)
    assert calls == []
    assert "runner bootstrap --no-snapshot" in said
