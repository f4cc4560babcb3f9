"""Edits of cluster.yaml and of machines: exactly what was edited changes, and nothing restarts."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from stardock.model.stages import NAMES
from tests.lab.cluster import Cluster

pytestmark = [pytest.mark.lab, pytest.mark.one_life("quick start"), pytest.mark.timeout(900)]

MACHINES = ["lb1", "lb2", "server1", "server2", "server3", "agent1"]


@pytest.mark.proves("feature first boot")
def test_add_a_key_and_change_a_window_exactly_that_changes(cluster: Cluster, tmp_path: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "second", "-f", str(tmp_path / "second")], check=True)
    key = (tmp_path / "second.pub").read_text().strip()
    boots = cluster.boots(MACHINES)
    cluster.edit(r"keys: \[id_ed25519.pub\]", f"keys: [id_ed25519.pub, '{key}']")
    cluster.edit(r"slots: \[17, 18\]", "slots: [3, 4]")
    cluster.deploy()
    changed = cluster.bootstrap().stdout
    assert "founder" in changed
    assert changed.count("changed: nothing") == len(NAMES) - 1, changed
    assert key in cluster.ssh("server2", "cat /root/.ssh/authorized_keys")
    assert "03:15" in cluster.ssh("lb2", "cat /etc/apt/apt.conf.d/*")
    assert cluster.boots(MACHINES) == boots


@pytest.mark.proves("feature bootstrap")
def test_then_a_second_run_0_changed_terraform_and_ansible_alike(cluster: Cluster) -> None:
    cluster.plan_is_clean()
    again = cluster.bootstrap().stdout
    assert again.count("changed: nothing") == len(NAMES), again


def test_after_edits_stop_and_start_a_machine_same_host_key_no_per_instance_module_ran_again(cluster: Cluster) -> None:
    instance = "cat /var/lib/cloud/data/instance-id; ls -d /var/lib/cloud/instances/*; cat /etc/ssh/ssh_host_ed25519_key.pub"
    ran = "stat -c '%n %Y' /var/lib/cloud/instance/sem/*"
    before = cluster.ssh("agent1", f"{instance}; {ran}")
    boot = cluster.boots(["agent1"])
    cluster.edit(r"^protect: false", "cloud_init: {packages: [tree]}\nprotect: false")
    cluster.deploy()
    cluster.kill("agent1")
    cluster.start("agent1")
    cluster.ssh("agent1", "cloud-init status --wait")
    assert cluster.ssh("agent1", f"{instance}; {ran}") == before
    assert cluster.boots(["agent1"]) != boot


@pytest.mark.proves("feature load balancers and VIP")
def test_a_whole_pool_taken_out_plan_clean_haproxy_unchanged_and_a_hand_edited_haproxy_cfg_is_repaired(cluster: Cluster) -> None:
    kept, asked = cluster.file.read_text(), "cat /etc/haproxy/haproxy.cfg"
    before = {name: cluster.ssh(name, asked) for name in ("lb1", "lb2")}
    cluster.ssh("lb1", "sed -i 's/6443/6444/' /etc/haproxy/haproxy.cfg")
    cluster.file.write_text(re.sub(r"  - name: agents\n(    .*\n)+", "", kept))
    assert "agents" not in cluster.file.read_text()
    try:
        deployed = cluster.deploy()
        assert "nothing to change" in deployed.stdout + deployed.stderr
        changed = cluster.bootstrap("--stage", "loadbalancers").stdout
    finally:
        cluster.file.write_text(kept)
    assert "lb1" in changed
    assert "lb2" not in changed
    assert {name: cluster.ssh(name, asked) for name in ("lb1", "lb2")} == before
