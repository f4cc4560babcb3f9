"""`examples/single`: one server, no load balancer, no VIP, DHCP. Deploys and bootstraps in the lab too: first by a bundle that was copied
elsewhere and a bare ansible-playbook, as who has nothing else of Stardock would. Beside what the example says, its server has a data disk
and belongs under PVE HA with its disks on shared storage: its PVE node fails in the end.
"""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.cluster import BIN, Cluster, example_as

pytestmark = [pytest.mark.lab, pytest.mark.one_life("single"), pytest.mark.timeout(600)]

#: The user's own: for all machines, and for the pool.
ADDED = """
api_server:
  oidc: [{issuer: https://id.example.org, audiences: [kubernetes], groups_claim: groups}]
  audit: {rules: [{level: None, users: ["system:apiserver"]}]}
  pod_security: {enforce: baseline}
cloud_init:
  users: [{name: ada}]
  user_data:
    write_files:
      - {path: /etc/motd, content: "hello ${x}\\n"}
      - {path: /srv/own, content: "", permissions: 0600, owner: ada}
    runcmd: [[sh, -c, "stat -c '%U %a' /srv/own >/var/lib/first-boot"]]
"""
POOL = (
    "machines: [server1], ha: true, data_disks: [{name: data, size: 1GiB, mount: /srv/data}], "
    'cloud_init: {user_data: {write_files: [{path: /etc/pool, content: "ours"}]}}'
)
NODE = "nodes: [{name: pve1, address: 192.168.1.10}]"
NODES = """nodes: [{name: pve1, address: 192.168.1.10}, {name: pve2, address: 192.168.1.11}]
  datastores: {disks: ceph, shared: [ceph]}"""
EDITS = {"machines: [server1]": POOL, NODE: NODES}

#: To the emulated PVE's own /lab, which is heard inside of the lab only.
LOSE = """import json, sys, urllib.request
body = json.dumps({"name": sys.argv[1], "offline": True}).encode()
urllib.request.urlopen(urllib.request.Request("https://127.0.0.1:8006/lab/node", body, {"Content-Type": "application/json"}))"""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Up and deployed with the gate."""
    source = example_as("alone", tmp_path_factory.mktemp("alone"), "single")
    text = source.read_text()
    for old, new in EDITS.items():
        assert old in text
        text = text.replace(old, new)
    source.write_text(text + ADDED)
    with Cluster("alone", source).deployed() as cluster:
        yield cluster


def changed(said: str) -> list[str]:
    """The stages that changed something, of what a bootstrap said."""
    done = [line.split() for line in said.splitlines() if "changed: " in line]
    return [words[0] for words in done if "nothing" not in words]


@pytest.mark.proves("feature bundle")
def test_the_bundle_copied_elsewhere_runs_with_bare_ansible_playbook(cluster: Cluster, tmp_path: Path) -> None:
    cluster.command("bundle", "-f", str(cluster.file), "-o", str(tmp_path / "first"))
    elsewhere = tmp_path / "elsewhere"
    shutil.move(tmp_path / "first", elsewhere)
    secrets = cluster.file.with_suffix(".secrets.yaml").resolve()
    secrets.touch(0o600)
    secrets.write_text(f"stardock_token: {'t' * 64}\nstardock_agent_token: {'a' * 64}\n")
    done = cluster.inside(
        *("env", "-C", str(elsewhere), "-u", "STARDOCK_FILE", f"{BIN}/ansible-playbook", "-i", "inventory", "project/site.yml"),
        *("-e", f"@{secrets}", "--private-key", str((cluster.folder / "id_ed25519").resolve())),
    )
    assert "failed=0" in done.stdout
    assert "failed=1" not in done.stdout
    assert "https://10.77.0." in (elsewhere / "alone.kubeconfig").read_text()


@pytest.mark.proves("feature RKE2's configuration")
def test_one_server_no_load_balancer_no_vip_deploys_and_bootstraps(cluster: Cluster) -> None:
    assert changed(cluster.bootstrap().stdout) == ["kubeconfig"], "what the bare run made is what ours makes"
    assert cluster.voters() == ["server1"]
    assert cluster.nodes()["server1"]["Ready"] == "True"


@pytest.mark.proves("feature data disks")
@pytest.mark.only_looks
def test_kubernetes_waits_for_the_data_disk_which_a_folder_stands_for_in_the_lab(cluster: Cluster) -> None:
    assert cluster.ssh("server1", "findmnt --noheadings --output TARGET /srv/data").strip() == "/srv/data"
    assert "srv-data.mount" in cluster.ssh("server1", "systemctl show -p Requires rke2-server.service")


@pytest.mark.proves("feature files of the API server")
def test_a_privileged_pod_is_refused_where_its_namespace_says_nothing_and_requests_are_written_down(cluster: Cluster) -> None:
    pod = ("run", "x", "--image=x", "--privileged", "--dry-run=server")
    for namespace in ("default", "kube-system"):  # no controller makes them here
        cluster.kubectl("create", "serviceaccount", "default", "--namespace", namespace)
    refused = cluster.kubectl(*pod, check=False).stderr
    assert 'violates PodSecurity "baseline:latest": privileged' in refused
    assert "created" in cluster.kubectl(*pod, "--namespace", "kube-system").stdout
    log = "/var/lib/rancher/rke2/server/logs/audit.log"
    assert "/api/v1/namespaces/default/pods?dryRun=All" in cluster.ssh("server1", f"grep '\"code\":403' {log} | tail -5")
    assert cluster.ssh("server1", f"grep -c system:apiserver {log} || true").strip() == "0"
    assert "url: https://id.example.org" in cluster.ssh("server1", "cat /etc/rancher/rke2/authentication.yaml")


@pytest.mark.only_looks
def test_without_a_vip_the_kubeconfig_names_the_first_server(cluster: Cluster) -> None:
    assert "https://10.77.0." in cluster.file.with_suffix(".kubeconfig").read_text()


@pytest.mark.only_looks
def test_a_lone_server_never_gets_server(cluster: Cluster) -> None:
    assert "server:" not in cluster.ssh(
        "server1", "cat /etc/rancher/rke2/config.yaml /etc/rancher/rke2/config.yaml.d/* 2>/dev/null || true"
    )


@pytest.mark.proves("feature first boot")
def test_the_users_own_files_and_commands_are_there_from_first_boot_and_an_edit_comes_with_bootstrap(cluster: Cluster) -> None:
    assert cluster.ssh("server1", "cat /etc/motd /etc/pool") == "hello ${x}\nours"
    assert cluster.ssh("server1", "cat /var/lib/first-boot").strip() == "ada 600"
    cluster.edit("hello", "welcome")
    assert changed(cluster.bootstrap("--stage", "machines").stdout) == ["machines"]
    assert cluster.ssh("server1", "cat /etc/motd").strip() == "welcome ${x}"


@pytest.mark.proves("reality D23")
@pytest.mark.proves("reality D24")
def test_a_downgrade_and_another_founding_are_refused_by_plan_and_when_facts_are_lost_by_bootstrap_before_a_machine_is_touched(
    cluster: Cluster,
) -> None:
    look = "sha256sum /etc/rancher/rke2/config.yaml /etc/motd; systemctl show -p ActiveEnterTimestamp rke2-server; cat /etc/stardock/rke2"
    before, text, facts = cluster.ssh("server1", look), cluster.file.read_text(), cluster.file.with_suffix(".facts.json")
    known = json.loads(facts.read_text())
    assert known["founded"]["versions"] == {"server1": "v1.36.5+rke2r1"}
    cluster.file.write_text(
        f"{text}\ndistribution:\n  version: v1.35.2+rke2r1\n  options:\n    cluster-cidr: 10.50.0.0/16\n".replace("welcome", "bye")
    )
    line = cluster.file.read_text().splitlines().index("  version: v1.35.2+rke2r1") + 1
    try:
        planned = cluster.command("plan", "-f", str(cluster.file), check=False)
        facts.write_text(json.dumps(known | {"founded": None}))
        refused = cluster.bootstrap(check=False)
    finally:
        cluster.file.write_text(text)
        facts.write_text(json.dumps(known))
    for done, whose in ((planned, "this one"), (refused, "server1")):
        assert done.returncode == 3, done.stdout + done.stderr
        assert f"cluster.yaml:{line}: distribution.version: no downgrade: server1 runs v1.36.5+rke2r1, cluster.yaml wants" in done.stderr
        assert f"cluster.yaml:{line + 2}: distribution.options.cluster-cidr: `cluster-cidr` is settled when" in done.stderr
        assert f"{whose} has 10.42.0.0/16, cluster.yaml wants 10.50.0.0/16" in done.stderr
    assert cluster.ssh("server1", look) == before


@pytest.mark.proves("feature PVE HA")
def test_pve_ha_restarts_the_machine_on_another_pve_node_with_its_disks_and_its_cluster(cluster: Cluster) -> None:
    kept = "cat /etc/ssh/ssh_host_ed25519_key.pub /var/lib/first-boot /srv/data/kept"
    cluster.ssh("server1", "echo kept >/srv/data/kept")
    before, boot = cluster.ssh("server1", kept), cluster.boots(["server1"])
    assert place(cluster) == "pve1"
    since = time.time()
    cluster.inside(sys.executable, "-c", LOSE, "pve1")
    assert place(cluster) == "pve2"
    cluster.await_machine("server1", since)
    assert cluster.boots(["server1"]) != boot
    assert cluster.ssh("server1", kept) == before, "the disks came along, and no part of first boot ran again"
    assert cluster.voters() == ["server1"]
    assert cluster.nodes()["server1"]["Ready"] == "True"


def place(cluster: Cluster) -> str:
    """The PVE node that server1 runs on, which must run."""
    said = cluster.command("lab", "status", "-f", str(cluster.example)).stdout
    listed = [line.split() for line in said.splitlines() if "server1" in line]
    assert len(listed) == 1
    assert "running" in listed[0]
    return next(word for word in listed[0] if word.startswith("pve"))
