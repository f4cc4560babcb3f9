"""Three servers and an agent that fail while the cluster is made: each cause is told in one line, and the next run heals."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from lab.patience import patient
from stardock.model.stages import NAMES
from tests.lab.cluster import Cluster, Result, example_as
from tests.waiting import until

pytestmark = [
    pytest.mark.lab,
    pytest.mark.long,
    pytest.mark.one_life("failures"),
    pytest.mark.timeout(900),
    pytest.mark.proves("feature failures"),
]

SERVERS = ["server1", "server2", "server3"]
POOLS = """  - {name: servers, role: server, machines: [server1, server2, server3], memory: 4GiB, disk: 40GiB}
  - {name: agents, role: agent, machines: [agent1]}
"""
PORT = 8099
#: Answers 500 while the file `broken` lies in its folder, else with the folder's files.
PROGRAM = """
import http.server, os, sys
class Mirror(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        self.send_error(500) if os.path.exists("broken") else super().do_GET()
http.server.ThreadingHTTPServer((sys.argv[1], int(sys.argv[2])), Mirror).serve_forever()
"""
ARCHIVE = "rke2.linux-amd64.tar.gz"
TOKEN = "Authorization: PVEAPIToken=$PROXMOX_VE_API_TOKEN"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    source = example_as("failures", tmp_path_factory.mktemp("failures"), "single")
    source.write_text("".join(POOLS if "name: servers" in line else line for line in source.read_text().splitlines(keepends=True)))
    with Cluster("failures", source).deployed() as cluster:
        yield cluster


@dataclass(frozen=True)
class Mirror:
    """It serves the release in the lab; `url` is in cluster.yaml. While `broken` is there it answers 500."""

    url: str
    broken: Path


@pytest.fixture(scope="module")
def mirror(cluster: Cluster) -> Iterator[Mirror]:
    folder = Path(cluster.inside("printenv", "STARDOCK_ARTIFACTS").stdout.strip())
    total = hashlib.sha256((folder / ARCHIVE).read_bytes()).hexdigest()
    router = cluster.inside("ip", "-4", "-o", "address", "show", "dev", "vmbr0").stdout.split()[3].partition("/")[0]
    url = f"http://{router}:{PORT}/{ARCHIVE}"
    cluster.edit(r"^protect:", f"distribution: {{url: '{url}', sha256: {total}}}\nprotect:")
    server = cluster.begin("env", "-C", str(folder), sys.executable, "-c", PROGRAM, router, str(PORT))
    try:
        yield Mirror(url, folder / "broken")
    finally:
        server.terminate()
        server.wait(timeout=patient(10))


def downloading(cluster: Cluster, *words: str) -> Result:
    """A bootstrap whose machines download the release themselves."""
    command = ("env", "-u", "STARDOCK_ARTIFACTS", "runner", "bootstrap", "-f", str(cluster.file), *words)
    return cluster.inside(*command, check=False)


def told(failed: Result, *words: str) -> None:
    """It failed, and one line of its error has all these words."""
    assert failed.returncode not in (0, 1), failed.stdout + failed.stderr
    assert any(all(word in line for word in words) for line in failed.stderr.splitlines()), failed.stderr


def test_a_mirror_that_answers_500(cluster: Cluster, mirror: Mirror) -> None:
    mirror.broken.touch()
    told(
        downloading(cluster, "--stage", "machines", "--stage", "founder"),
        f"the download of {mirror.url} failed: Request failed: HTTP Error 500",
    )
    mirror.broken.unlink()
    assert downloading(cluster, "--stage", "machines", "--stage", "founder").returncode == 0


def test_a_server_that_dies_while_joining(cluster: Cluster) -> None:
    run = joining(cluster, "server2")
    cluster.kill("server2")
    ended(run, "error: server2: ", "ssh")
    cluster.start("server2")


def test_ssh_cut_in_the_middle(cluster: Cluster) -> None:
    run = joining(cluster, "server3")
    cable = f"v{vm_id(cluster, 'server3')}n0"
    cluster.inside("ip", "link", "set", cable, "down")
    try:
        ended(run, "error: server3: ", "ssh")
    finally:
        cluster.inside("ip", "link", "set", cable, "up")


def joining(cluster: Cluster, server: str) -> subprocess.Popen[str]:
    """A bootstrap that has come to where this server joins."""
    run = cluster.begin("runner", "bootstrap", "-f", str(cluster.file), "--from-stage", "servers", "--ready-timeout", "40")
    asked = "systemctl show --property ActiveState --value rke2-server"
    until(lambda: cluster.ssh(server, asked, check=False).strip() == "activating", f"{server} to join", 120)
    return run


def ended(run: subprocess.Popen[str], *words: str) -> None:
    """It ends with an error that has all these words in one line."""
    said, _ = run.communicate(timeout=patient(300))
    told(subprocess.CompletedProcess([], run.returncode, "", said), *words)


def vm_id(cluster: Cluster, machine: str) -> int:
    return next(int(one["vm_id"]) for one in cluster.plan()["machines"] if one["name"] == machine)


def test_a_full_disk(cluster: Cluster) -> None:
    data = "/var/lib/rancher/rke2"
    cluster.ssh("agent1", f"mkdir -p {data} && mount -t tmpfs -o size=1m none {data} && ! head -c 2M /dev/zero > {data}/filler")
    told(cluster.bootstrap("--from-stage", "servers", "--ready-timeout", "30", check=False), "agent1", "a disk is full")
    cluster.ssh("agent1", f"umount {data}")


def test_the_next_run_heals_one_cluster_of_three_voting_members(cluster: Cluster) -> None:
    cluster.bootstrap()
    assert cluster.voters() == SERVERS
    assert sorted(cluster.nodes()) == ["agent1", *SERVERS]


def test_a_token_that_differs(cluster: Cluster) -> None:
    secrets = cluster.file.with_suffix(".secrets.yaml")
    kept = secrets.read_text()
    secrets.write_text(kept.replace("token: ", "token: x", 1))
    try:
        told(cluster.bootstrap(check=False), "The token in the secrets file is not the one that", "nothing was changed")
    finally:
        secrets.write_text(kept)
    assert cluster.bootstrap().stdout.count("changed: nothing") == len(NAMES)


def test_the_founder_lost_for_good_with_two_servers_left(cluster: Cluster) -> None:
    authority = cluster.ssh("server2", "sha256sum < /var/lib/rancher/rke2/server/tls/server-ca.crt")
    cluster.kill("server1")
    kubectl = "/var/lib/rancher/rke2/bin/kubectl --kubeconfig /etc/rancher/rke2/rke2.yaml"
    until(lambda: cluster.ssh("server2", f"{kubectl} get --raw /readyz", check=False) == "ok", "the two to have a leader", 120)
    secret = f"{kubectl} -n kube-system delete secret server1.node-password.rke2 --ignore-not-found"  # it goes with its Node, if not yet
    cluster.ssh("server2", f"{kubectl} delete node server1 --wait=false && {secret}")
    endpoint = yaml.safe_load(cluster.file.read_text())["proxmox"]["endpoint"]
    url = f"{endpoint}/api2/json/nodes/pve1/qemu/{vm_id(cluster, 'server1')}"
    cluster.inside("sh", "-c", f'curl -fsS -X DELETE -H "{TOKEN}" "{url}"')
    cluster.deploy("--replace", "server1")
    cluster.bootstrap()
    assert cluster.voters() == SERVERS
    assert cluster.ssh("server1", "sha256sum < /var/lib/rancher/rke2/server/tls/server-ca.crt") == authority
