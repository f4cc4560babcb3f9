"""The clusters of the golden files, started: what their machines read is what those say, and Kubernetes takes it.

Cilium's is not among them: its program cannot be had here. What differs for the others is in `EDITS`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml

from lab.patience import patient
from tests.lab.cluster import ROOT, Cluster
from tests.waiting import until

pytestmark = [pytest.mark.lab, pytest.mark.nodes, pytest.mark.long, pytest.mark.timeout(1200), pytest.mark.one_life("six clusters")]

GOLDEN = ROOT / "tests/unit/bundle/golden/clusters"
WEB = ROOT / "tools/demo-web.yaml"
KEY = 'ssh: {keys: ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHRlc3RzLW9mLXN0YXJkb2NrLW5vLXByaXZhdGUta2V5IQ test"]}'
OWN_KEY = "protect: false\nssh: {keys: [id_ed25519.pub], private_key: id_ed25519}"
#: The lab's machines are Debian, its kernel has no WireGuard, and its registry is a folder of tarballs.
EDITS: Mapping[str, Mapping[str, str]] = {
    "one-box": {},
    "canal": {", encryption: wireguard": ""},
    "cis": {},
    "air-gap": {"image: {system: leapmicro}": "image: {system: debian}"},
    "flatcar": {"image: {system: flatcar}": "image: {system: debian}", "cni: {encryption: wireguard}\n": ""},
}
#: What those edits take from the servers' files.
WITHOUT: Mapping[str, str] = {"canal": "      backend: wireguard\n", "flatcar": "flannel-backend: wireguard-native\n"}


@pytest.fixture(scope="module", params=EDITS)
def cluster(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    source = tmp_path_factory.mktemp(request.param) / "cluster.yaml"
    text = (GOLDEN / request.param / "cluster.yaml").read_text()
    for old, new in {KEY: OWN_KEY, **EDITS[request.param]}.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    source.write_text(text)
    with Cluster(request.param, source, "real").deployed() as cluster:
        cluster.bootstrap()
        yield cluster


def golden_files(cluster: str, machine: str) -> dict[str, str]:
    """Path -> content, of those files that Kubernetes reads, without what the lab's edits take away."""
    text = (GOLDEN / cluster / f"{machine}.txt").read_text()
    if machine.startswith("server"):
        line = WITHOUT.get(cluster, "")
        assert line in text
        text = text.replace(line, "")
    files = (part.partition("\n") for part in text.split("### ")[1:])
    return {path: content for path, _, content in files}


def read(path: str, content: str) -> Any:
    return yaml.safe_load(content) if path.endswith(".yaml") else content.strip()


def test_all_nodes_are_ready_and_machines_read_what_the_golden_files_say(cluster: Cluster) -> None:
    kubernetes = [machine for machine in cluster.plan()["machines"] if machine["role"] != "loadbalancer"]
    assert {name for name, conditions in cluster.nodes().items() if conditions["Ready"] == "True"} == {one["name"] for one in kubernetes}
    for golden in sorted((GOLDEN / cluster.name).glob("*.txt")):
        for path, content in golden_files(cluster.name, golden.stem).items():
            assert read(path, cluster.ssh(golden.stem, f"cat {path}")) == read(path, content), (golden.stem, path)


def test_a_pod_runs_and_is_answered_through_a_service(cluster: Cluster) -> None:
    cluster.kubectl("create", "namespace", "demo")
    cluster.kubectl("label", "namespace", "demo", "pod-security.kubernetes.io/enforce=privileged")  # its image runs as root
    cluster.kubectl("--namespace=demo", "apply", "--filename", str(WEB))
    cluster.kubectl("--namespace=demo", "rollout", "status", "deployment/web", f"--timeout={patient(120):g}s")
    name = next(one["name"] for one in cluster.plan()["machines"] if one["role"] != "loadbalancer")
    until(lambda: "web-" in cluster.ssh(name, "curl -sS -m 5 http://127.0.0.1:30080", check=False), "the Service to answer on a node")


def test_a_second_run_changes_nothing(cluster: Cluster) -> None:
    again = cluster.bootstrap().stdout
    assert again.count("changed: nothing") == 6, again


def test_every_golden_cluster_is_started_or_named() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == {*EDITS, "cilium"}
