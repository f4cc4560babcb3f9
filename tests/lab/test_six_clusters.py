"""The clusters of the golden files, started: what their machines read is what those say, and Kubernetes takes it.

Cilium's is not among them: its program cannot be had here. What differs for the others is in `EDITS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.patience import patient
from stardock.model.stages import NAMES
from tests.lab.cluster import ROOT, Cluster
from tests.unit.bundle.test_golden_clusters import planned
from tests.waiting import until

pytestmark = [pytest.mark.lab, pytest.mark.nodes, pytest.mark.long, pytest.mark.timeout(1200)]

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


def source_of(name: str, folder: Path) -> Path:
    """Its file, for the lab."""
    text = (GOLDEN / name / "cluster.yaml").read_text()
    for old, new in {KEY: OWN_KEY, **EDITS[name]}.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    source = folder / "cluster.yaml"
    source.write_text(text)
    return source


def golden_files(cluster: str, machine: str) -> dict[str, str]:
    """Path -> content, of those files that Kubernetes reads, without what the lab's edits take away."""
    text = (GOLDEN / cluster / f"{machine}.txt").read_text()
    if machine.startswith("server"):
        line = WITHOUT.get(cluster, "")
        assert line in text
        text = text.replace(line, "")
    files = (part.partition("\n") for part in text.split("### ")[1:])
    return {path: content for path, _, content in files}


def content_of(path: str, content: str) -> Any:
    """As Kubernetes takes it: of config.yaml what is in config.yaml.d, too."""
    documents = [document for document in yaml.safe_load_all(content) if document] if path.endswith(".yaml") else [content.strip()]
    return reduce(or_, documents) if path.endswith("/config.yaml") else documents


def on(cluster: Cluster, machine: str, path: str) -> Any:
    both = f"for file in {path} $(ls {path}.d/*.yaml 2>/dev/null); do echo; echo ---; cat $file; done"
    return content_of(path, cluster.ssh(machine, both if path.endswith("/config.yaml") else f"cat {path}"))


@pytest.mark.proves("feature RKE2's configuration", "feature k3s", "feature files of the API server", "feature nodes that run pods")
@pytest.mark.parametrize("name", EDITS)
def test_each_starts_reads_its_golden_files_answers_through_a_service_and_a_second_run_changes_nothing(name: str, tmp_path: Path) -> None:
    with Cluster(name, source_of(name, tmp_path), "real").deployed() as cluster:
        cluster.bootstrap()
        of_kubernetes = [machine["name"] for machine in cluster.plan()["machines"] if machine["role"] != "loadbalancer"]
        ready = [node for node, conditions in cluster.nodes().items() if conditions["Ready"] == "True"]
        assert sorted(ready) == sorted(of_kubernetes)
        for golden in sorted((GOLDEN / name).glob("*.txt")):
            for path, text in golden_files(name, golden.stem).items():
                assert on(cluster, golden.stem, path) == as_it_stays(golden.stem, content_of(path, text), name), (golden.stem, path)
        a_pod_answers(cluster, of_kubernetes[0])
        assert cluster.bootstrap().stdout.count("changed: nothing") == len(NAMES)


def as_it_stays(machine: str, content: Any, cluster: str) -> Any:
    """The founder's golden file is the one that it founds with; once the others have joined, it is told where to join, as they are."""
    join = planned(cluster)[1][f"host_vars/{machine}.yml"]["kubernetes_join_address"]
    return {**content, "server": join} if join and isinstance(content, dict) else content


def a_pod_answers(cluster: Cluster, machine: str) -> None:
    cluster.kubectl("create", "namespace", "demo")
    cluster.kubectl("label", "namespace", "demo", "pod-security.kubernetes.io/enforce=privileged")  # its image runs as root
    cluster.kubectl("--namespace=demo", "apply", "--filename", str(WEB))
    cluster.kubectl("--namespace=demo", "rollout", "status", "deployment/web", f"--timeout={patient(120):g}s")
    asked = "curl -sS -m 5 http://127.0.0.1:30080"
    until(lambda: "web-" in cluster.ssh(machine, asked, check=False), "the Service to answer on a node")


def test_every_golden_cluster_is_started_or_named() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == {*EDITS, "cilium"}
