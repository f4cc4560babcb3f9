"""The first issue's acceptance, in its own words: one quick-start cluster through its life, by the commands that a person types.

One cluster for the whole file, because a cluster takes minutes: the tests run in order and each leaves it whole. Kills: `test_killed.py`.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.lab.cluster import BIN, ROOT, Cluster, example_as

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]

MACHINES = ["lb1", "lb2", "server1", "server2", "server3", "agent1"]
SERVERS = ["server1", "server2", "server3"]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """The quick start with a fourth PVE node that the cluster file does not know yet; deployed by cdktf, bootstrapped."""
    example = example_as("accepted", tmp_path_factory.mktemp("accepted"))
    text = example.read_text()
    fourth = "    - {name: pve4, address: 192.168.1.13}\n"
    third = "    - {name: pve3, address: 192.168.1.12}\n"
    assert third in text
    example.write_text(text.replace(third, third + fourth))
    cluster = Cluster("accepted", example)
    cluster.up()
    try:
        cluster.edit(r"^.*name: pve4.*\n", "")
        cdktf_deploy(cluster)
        cluster.inside("runner", "discover", "-f", str(cluster.file))
        cluster.bootstrap()
        yield cluster
    finally:
        cluster.down()


def cdktf_deploy(cluster: Cluster) -> None:
    out = str(cluster.folder / "cdktf.out")
    cluster.inside("cdktf", "deploy", "--auto-approve", "--skip-provider-lock", "--output", out, cluster.name)


def wait(until: Callable[[], object], seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(1)


def holder(cluster: Cluster) -> str:
    """The load balancer that has the VIP."""
    holding = [name for name in ("lb1", "lb2") if "192.168.1.40" in cluster.ssh(name, "ip -brief address show dev ens18")]
    assert len(holding) == 1
    return holding[0]


def test_nodes_as_kubectl_sees_them_through_the_vip(cluster: Cluster) -> None:
    assert "https://192.168.1.40:6443" in cluster.file.with_suffix(".kubeconfig").read_text()
    nodes = cluster.nodes()
    assert sorted(nodes) == ["agent1", *SERVERS]
    assert all(conditions["Ready"] == "True" for conditions in nodes.values())


def test_three_voting_members(cluster: Cluster) -> None:
    assert cluster.voters() == SERVERS


def test_kubeconfig_secrets_and_state_are_0600_and_the_state_stays_so_under_both_engines(cluster: Cluster) -> None:
    for suffix in (".kubeconfig", ".secrets.yaml", ".tfstate"):
        assert stat.S_IMODE(cluster.file.with_suffix(suffix).stat().st_mode) == 0o600, suffix


def test_second_run_0_changed_terraform_and_ansible_alike(cluster: Cluster) -> None:
    stack = cluster.folder / "cdktf.out/stacks/accepted"
    cluster.inside("sh", "-c", f"cd {stack} && $TERRAFORM_BINARY_NAME plan -detailed-exitcode -no-color -input=false")
    again = cluster.bootstrap()
    assert again.stdout.count("changed: nothing") == 6, again.stdout


def test_no_secret_in_json_lock_facts_log_or_bundle(cluster: Cluster, tmp_path: Path) -> None:
    secrets = [
        line.split(": ")[1].strip("'\"") for line in cluster.file.with_suffix(".secrets.yaml").read_text().splitlines() if ": " in line
    ]
    assert secrets
    cluster.command("bundle", "-f", str(cluster.file), "-o", str(tmp_path / "bundle"))
    written = [cluster.file.with_suffix(suffix) for suffix in (".lock", ".facts.json", ".log", ".yaml")]
    written += [path for folder in (cluster.folder / "cdktf.out", tmp_path) for path in folder.rglob("*") if path.is_file()]
    for path in written:
        content = path.read_bytes()
        assert not [secret for secret in secrets if secret.encode() in content], path


def test_the_bundle_copied_elsewhere_runs_with_bare_ansible_playbook(cluster: Cluster, tmp_path: Path) -> None:
    cluster.command("bundle", "-f", str(cluster.file), "-o", str(tmp_path / "first"))
    elsewhere = tmp_path / "elsewhere"
    shutil.move(tmp_path / "first", elsewhere)
    command = (
        f"cd {elsewhere} && unset STARDOCK_FILE && {BIN}/ansible-playbook -i inventory project/site.yml"
        f" -e @{cluster.file.with_suffix('.secrets.yaml').resolve()} --private-key {(cluster.folder / 'id_ed25519').resolve()}"
        f" -e kubeconfig_path={elsewhere}/kubeconfig"
    )
    done = cluster.inside("bash", "-c", command)
    assert "failed=0" in done.stdout
    assert "failed=1" not in done.stdout


@pytest.mark.slow
def test_kill_the_load_balancer_that_holds_the_vip_and_a_prober_sees_the_api_again(cluster: Cluster) -> None:
    killed = holder(cluster)
    prober = cluster.start(sys.executable, "-m", "bench.prober", "https://192.168.1.40:6443/readyz", "15")
    time.sleep(3)
    cluster.command("lab", "kill", "-f", str(cluster.example), killed)
    output, _ = prober.communicate(timeout=60)
    seen = json.loads(output.splitlines()[-1])
    assert holder_is_other(cluster, killed)
    assert seen["answered"] > 0.5 * seen["probes"]
    assert seen["longest_outage_seconds"] < 10, "not even twice what keepalived needs with the origin's settings"
    cluster.command("lab", "start", "-f", str(cluster.example), killed)
    cluster.wait_for_ssh(killed)


def holder_is_other(cluster: Cluster, killed: str) -> bool:
    other = {"lb1": "lb2", "lb2": "lb1"}[killed]
    return "192.168.1.40" in cluster.ssh(other, "ip -brief address show dev ens18")


def test_add_a_key_and_change_a_window_exactly_that_changes_then_0_changed(cluster: Cluster, tmp_path: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "second", "-f", str(tmp_path / "second")], check=True)
    key = (tmp_path / "second.pub").read_text().strip()
    boots = cluster.boots(MACHINES)
    cluster.edit(r"keys: \[id_ed25519.pub\]", f"keys: [id_ed25519.pub, '{key}']")
    cluster.edit(r"slots: \[17, 18\]", "slots: [3, 4]")
    cluster.deploy()
    changed = cluster.bootstrap().stdout
    assert "founder" in changed
    assert changed.count("changed: nothing") == 5, changed
    assert key in cluster.ssh("server2", "cat /root/.ssh/authorized_keys")
    assert "03:15" in cluster.ssh("lb2", "cat /etc/apt/apt.conf.d/*")
    assert cluster.boots(MACHINES) == boots
    again = cluster.bootstrap().stdout
    assert again.count("changed: nothing") == 6, again


def test_after_edits_stop_and_start_a_machine_same_host_key_no_per_instance_module_ran_again(cluster: Cluster) -> None:
    instance = "cat /var/lib/cloud/data/instance-id; ls -d /var/lib/cloud/instances/*; cat /etc/ssh/ssh_host_ed25519_key.pub"
    ran = "stat -c '%n %Y' /var/lib/cloud/instance/sem/*"
    before = cluster.ssh("agent1", f"{instance}; {ran}")
    boot = cluster.boots(["agent1"])
    cluster.edit(r"^protect: false", "cloud_init: {packages: [tree]}\nprotect: false")
    cluster.deploy()
    for verb in ("kill", "start"):
        cluster.command("lab", verb, "-f", str(cluster.example), "agent1")
    cluster.wait_for_ssh("agent1")
    cluster.ssh("agent1", "cloud-init status --wait")
    assert cluster.ssh("agent1", f"{instance}; {ran}") == before
    assert cluster.boots(["agent1"]) != boot
    wait(lambda: cluster.nodes()["agent1"]["Ready"] == "True", 120, "agent1 Ready again")


def test_a_whole_pool_taken_out_plan_clean_haproxy_unchanged(cluster: Cluster) -> None:
    kept = cluster.file.read_text()
    cluster.bootstrap("--stage", "loadbalancers")
    cluster.file.write_text(re.sub(r"  - name: agents\n(    .*\n)+", "", kept))
    assert "agents" not in cluster.file.read_text()
    try:
        deployed = cluster.deploy()
        assert "nothing to change" in deployed.stdout + deployed.stderr
        assert "changed: nothing" in cluster.bootstrap("--stage", "loadbalancers").stdout
    finally:
        cluster.file.write_text(kept)


def test_a_hand_edited_haproxy_cfg_is_repaired(cluster: Cluster) -> None:
    cluster.ssh("lb1", "sed -i 's/6443/6444/' /etc/haproxy/haproxy.cfg")
    cluster.bootstrap("--stage", "loadbalancers")
    assert "6444" not in cluster.ssh("lb1", "cat /etc/haproxy/haproxy.cfg")


def test_secrets_file_missing_on_a_founded_cluster_is_read_back_from_a_server(cluster: Cluster) -> None:
    secrets = cluster.file.with_suffix(".secrets.yaml")
    text = secrets.read_text()
    secrets.rename(secrets.with_suffix(".away"))
    cluster.bootstrap("--stage", "servers")
    assert secrets.read_text() == text


def test_a_host_key_that_changed_is_refused(cluster: Cluster) -> None:
    known = cluster.file.with_suffix(".facts.json")
    kept = known.read_text()
    facts = json.loads(kept)
    names = facts["machines"]
    names["agent1"]["host_keys"], names["lb1"]["host_keys"] = names["lb1"]["host_keys"], names["agent1"]["host_keys"]
    known.write_text(json.dumps(facts))
    try:
        refused = cluster.bootstrap("--stage", "machines", check=False)
    finally:
        known.write_text(kept)
    assert refused.returncode != 0
    assert "host key" in (refused.stderr + refused.stdout).lower()


def test_a_machine_that_does_not_answer_is_named(cluster: Cluster) -> None:
    cluster.command("lab", "kill", "-f", str(cluster.example), "agent1")
    try:
        refused = cluster.bootstrap("--stage", "machines", "--timeout", "5", check=False)
    finally:
        cluster.command("lab", "start", "-f", str(cluster.example), "agent1")
    assert refused.returncode in (4, 6)
    assert "agent1" in refused.stderr
    wait(lambda: cluster.nodes()["agent1"]["Ready"] == "True", 120, "agent1 Ready again")


def test_insert_a_server_name_in_the_middle_and_add_a_pve_node_old_machines_untouched(cluster: Cluster) -> None:
    before, boots = cluster.plan()["machines"], cluster.boots(MACHINES)
    cluster.edit(r"^(    - \{name: pve3,.*\n)", r"\1    - {name: pve4, address: 127.0.1.4}\n")
    cluster.edit(r"machines: \[server1, server2, server3\]", "machines: [server1, serverx, servery, server2, server3]")
    cluster.deploy()
    cluster.bootstrap()
    after = {machine["name"]: machine for machine in cluster.plan()["machines"]}
    assert [after[machine["name"]] for machine in before] == before
    assert after["serverx"]["pve_node"] == "pve4"
    assert cluster.boots(MACHINES) == boots
    assert cluster.voters() == sorted([*SERVERS, "serverx", "servery"])
    assert "serverx" in cluster.ssh("lb1", "cat /etc/haproxy/haproxy.cfg")


def test_all_servers_down_and_the_founders_disk_emptied_bootstrap_refuses_to_found_again(cluster: Cluster) -> None:
    servers = [machine["name"] for machine in cluster.plan()["machines"] if machine["role"] == "server"]
    cluster.ssh("server1", "systemctl stop rke2-server; rm -rf /var/lib/rancher/rke2 /etc/rancher/rke2 /etc/stardock")
    for name in servers[1:]:
        cluster.command("lab", "kill", "-f", str(cluster.example), name)
    refused = cluster.bootstrap("--stage", "founder", "--timeout", "10", check=False)
    assert refused.returncode != 0
    assert "refused to found" in (refused.stderr + refused.stdout)
    assert not cluster.ssh("server1", "ls /var/lib/rancher/rke2/server/db/etcd/member 2>/dev/null || true").strip()


def test_demo_cdktf_destroy_deploy_bootstrap_works(cluster: Cluster) -> None:
    out = str(cluster.folder / "cdktf.out")
    cluster.inside("cdktf", "destroy", "--auto-approve", "--skip-provider-lock", "--output", out, cluster.name)
    cdktf_deploy(cluster)
    cluster.inside("runner", "discover", "-f", str(cluster.file))
    cluster.bootstrap()
    assert len(cluster.voters()) == 5


def test_leaves_nothing_behind(cluster: Cluster) -> None:
    cluster.down()
    mounts = Path("/proc/self/mountinfo").read_text()
    assert str(cluster.folder) not in mounts
    left = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if str(cluster.folder.relative_to(ROOT)) in words and int(process.name) != os.getpid():
                left.append(words)
    assert left == []
