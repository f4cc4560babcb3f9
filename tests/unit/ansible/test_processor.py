"""Which processor a host has, asked by the role's own tasks on this machine: the answer must outlast whoever asks again."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from pathlib import Path

import pytest

from stardock.bundle.inventory import inventory_files
from stardock.model.facts import Facts
from tests.plans import ROOT, plan_of
from tests.unit.plan.test_hosts import with_hosts

pytestmark = [pytest.mark.unit, pytest.mark.proves("feature hosts that exist already")]

ARCHIVES = {"x86_64": "k3s", "aarch64": "k3s-arm64"}


@pytest.mark.skipif(platform.machine() not in ARCHIVES, reason="no release is for this processor")
def test_a_host_that_is_seen_twice_as_before_each_installation_still_has_a_processor(tmp_path: Path) -> None:
    data = with_hosts({})
    data["distribution"] = {"name": "k3s"}
    found = inventory_files(plan_of(data)[0], Facts(cluster="quickstart"))
    known = {key: value for key, value in {**found["group_vars/all.yml"], **found["host_vars/pi1.yml"]}.items() if "kubernetes_" in key}
    elsewhere = {"kubernetes_type": "agent", "kubernetes_data_dir": str(tmp_path), "kubernetes_config_dir": str(tmp_path)}
    usual = {"kubernetes_artifacts": "", "kubernetes_avoids_mounts": False, "kubernetes_other_prefix": "/opt/k3s", **elsewhere}
    (tmp_path / "hosts.json").write_text(json.dumps({"agent": {"hosts": {"pi1": {"ansible_connection": "local"}}}}))
    (tmp_path / "variables.json").write_text(json.dumps({**known, **usual}))
    see = {"ansible.builtin.include_role": {"name": "kubernetes", "tasks_from": "see", "public": True}}
    tell = {"ansible.builtin.debug": {"msg": "{{ inventory_hostname }} takes {{ kubernetes_archive }}, of {{ kubernetes_installed }}"}}
    (tmp_path / "play.json").write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": [see, see, tell]}]))
    command = ["ansible-playbook", "-i", str(tmp_path / "hosts.json"), "-e", f"@{tmp_path}/variables.json", str(tmp_path / "play.json")]
    environment = {**os.environ, "ANSIBLE_ROLES_PATH": str(ROOT / "ansible/roles")}
    done = subprocess.run(command, cwd=ROOT / "ansible", env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"pi1 takes {ARCHIVES[platform.machine()]}, of v" in done.stdout
