"""One server, of RKE2 and of k3s, becomes 2 load balancers and 3 servers by an edit of cluster.yaml, while its API is used."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from lab.patience import patient
from lab.standin import build_release
from stardock.distributions import DISTRIBUTIONS, Kubernetes
from stardock.model.stages import NAMES
from tests.lab import prober
from tests.lab.cluster import Cluster, bootstrapped_single
from tests.waiting import until

pytestmark = [pytest.mark.lab, pytest.mark.long, pytest.mark.timeout(900), pytest.mark.one_life("grown")]

OLD, NEW = "v1.36.4", "v1.36.5"
SERVERS = ["server1", "server2", "server3"]
BALANCERS = "  - {name: loadbalancers, role: loadbalancer, machines: [lb1, lb2]}"
VIP = "10.77.0.5"
#: server1 restarts once, with the VIP in its certificate; then etcd has two members, and for a moment one of them is new
LONGEST_SECONDS = 10


@pytest.fixture(scope="module", params=["k3s", "rke2"])
def kubernetes(request: pytest.FixtureRequest) -> Kubernetes:
    return DISTRIBUTIONS[request.param]


@pytest.fixture(scope="module")
def cluster(kubernetes: Kubernetes, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    name = f"grown-{kubernetes.name}"
    more = f"distribution: {{name: {kubernetes.name}, version: {OLD}+{kubernetes.mark}1}}\nprotect: false"
    with bootstrapped_single(name, tmp_path_factory.mktemp(name), more) as cluster:
        yield cluster


def unchanged(cluster: Cluster) -> None:
    again = cluster.bootstrap().stdout
    assert again.count("changed: nothing") == len(NAMES), again


def running(cluster: Cluster) -> dict[str, str]:
    """Server -> which run of its service it is in."""
    asked = f"systemctl show --property InvocationID --value {DISTRIBUTIONS[cluster.name.removeprefix('grown-')].services['server']}"
    return {name: cluster.ssh(name, asked).strip() for name in SERVERS}


@pytest.mark.proves("feature k3s")
def test_one_server_without_a_load_balancer_is_ready_and_votes_and_a_second_run_changes_nothing(
    cluster: Cluster, kubernetes: Kubernetes
) -> None:
    assert cluster.voters() == ["server1"]
    assert cluster.nodes()["server1"]["Ready"] == "True"
    assert cluster.ssh("server1", f"systemctl is-active {kubernetes.services['server']}").strip() == "active"
    secrets = cluster.kubectl("get", "secrets", "--namespace=kube-system", "--output=name").stdout.split()
    assert f"secret/{kubernetes.node_password('server1')}" in secrets
    unchanged(cluster)


@pytest.mark.proves("feature k3s", "feature bootstrap")
def test_one_server_grown_to_2_load_balancers_and_3_servers_with_the_api_in_use(cluster: Cluster, kubernetes: Kubernetes) -> None:
    api = cluster.kubectl("config", "view", "--output=jsonpath={.clusters[0].cluster.server}").stdout
    log, kept = cluster.folder / "prober.log", cluster.folder / "prober.kubeconfig"
    kept.write_text(cluster.kubeconfig.read_text())
    with log.open("w") as output:
        use = cluster.begin(sys.executable, prober.__file__, str(kept), api, output=output)
        try:
            until(lambda: answers(log), "the prober to be answered")
            cluster.edit(r"machines: \[server1\]", f"machines: [{', '.join(SERVERS)}]")
            cluster.edit(r"^pools:", f"network: {{vip: {VIP}}}\npools:\n{BALANCERS}")
            cluster.deploy()
            cluster.bootstrap()
            ended = time.time()
            until(lambda: answers(log)[-1][0] > ended, "the prober to be answered after all that")
        finally:
            use.terminate()
            use.wait(timeout=patient(30))
    assert cluster.voters() == SERVERS
    assert VIP in cluster.kubeconfig.read_text()
    listed = cluster.kubectl("get", "configmaps", "--output=name").stdout.split()
    assert {f"configmap/beat-{number}" for _, number in answers(log)} <= set(listed), "what the API took is kept"
    times = [when for when, _ in answers(log)]
    longest = max(after - before for before, after in pairwise(times))
    assert longest < patient(LONGEST_SECONDS), log.read_text()[-4000:]
    unchanged(cluster)


def answers(log: Path) -> list[tuple[float, int]]:
    """When the prober was answered, and the number of what it made."""
    lines = [line.split() for line in log.read_text().splitlines()]
    return [(float(words[0]), int(words[1])) for words in lines if words[1] != "-"]


@pytest.mark.parametrize("kubernetes", ["k3s"], indirect=True)
@pytest.mark.proves("feature k3s", "reality D24")
def test_a_patch_release_comes_after_a_snapshot_server_by_server(cluster: Cluster, kubernetes: Kubernetes) -> None:
    old, new = (f"{version}+{kubernetes.mark}1" for version in (OLD, NEW))
    build_release(Path(cluster.inside("printenv", "STARDOCK_ARTIFACTS").stdout.strip()), new)
    before = running(cluster)
    cluster.edit(re.escape(old), new)
    cluster.bootstrap()
    nodes = json.loads(cluster.kubectl("get", "nodes", "--output=json").stdout)["items"]
    assert {node["metadata"]["name"]: node["status"]["nodeInfo"]["kubeletVersion"] for node in nodes} == dict.fromkeys(SERVERS, new)
    assert all(before[name] != run for name, run in running(cluster).items())
    saved = [cluster.ssh(name, f"ls {kubernetes.server_dir}/db/snapshots 2>/dev/null || true").split() for name in SERVERS]
    assert sum(map(len, saved)) == 1
    unchanged(cluster)


@pytest.mark.parametrize("kubernetes", ["k3s"], indirect=True)
@pytest.mark.proves("feature k3s")
def test_uninstall_leaves_nothing_of_it_on_the_machine(cluster: Cluster, kubernetes: Kubernetes) -> None:
    cluster.kubectl("delete", "node", "server3", "--timeout=60s")
    cluster.ssh("server3", f"/usr/local/bin/{kubernetes.uninstall['server']}")
    places = "/etc/systemd /etc/rancher /usr /opt /var/lib/rancher"
    assert cluster.ssh("server3", f"find {places} -xdev -name '*{kubernetes.name}*' 2>/dev/null || true").split() == []
    assert cluster.voters() == SERVERS[:2]
