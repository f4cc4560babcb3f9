"""A cluster as docs/how-to/hardening.md asks for it, judged control by control by the published CIS benchmark of RKE2."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.conformance import benchmark
from tests.lab.cluster import Cluster, example_as
from tests.proof import cis

pytestmark = [pytest.mark.lab, pytest.mark.cis, pytest.mark.one_life("cis"), pytest.mark.timeout(1200)]

NODES = {"server1": "master", "agent1": "worker"}
RELEASE = ("get", "node", "server1", "-o", "jsonpath={.status.nodeInfo.kubeletVersion}")
HARDENING = Path(__file__).parents[2] / "docs/how-to/hardening.md"
#: what a pod must be to run where nothing is exempt
POD = """\
apiVersion: v1
kind: Namespace
metadata: {name: mine}
---
apiVersion: v1
kind: Pod
metadata: {name: mine, namespace: mine}
spec:
  containers: [{name: mine, image: "rancher/mirrored-pause:3.6"}]
"""


def hardened() -> str:
    """What the page tells people to write, its first block."""
    found = re.search(r"```yaml\n(.*?)```", HARDENING.read_text(), re.DOTALL)
    assert found
    return found[1]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    source = example_as("cis", tmp_path_factory.mktemp("cis"))
    text = source.read_text().replace("[server1, server2, server3]", "[server1]").replace("count: 2", "count: 1")
    version = "  version: v1.36.5+rke2r1\n"
    before, after = text.split(f"distribution:\n  name: rke2\n{version}")
    source.write_text(before + hardened().replace("distribution:\n", f"distribution:\n{version}") + after)
    with Cluster("cis", source, "real").deployed() as cluster:
        cluster.bootstrap()
        yield cluster


@pytest.fixture(scope="module")
def judged(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, benchmark.Judged]:
    found = benchmark.judge(cluster, tmp_path_factory.mktemp("facts"), NODES)
    release = cluster.kubectl(*RELEASE).stdout
    today = datetime.now(UTC).date().isoformat()
    cis.save(
        cis.Verdict(
            today,
            release,
            benchmark.asked()["id"],
            "a load balancer, a server, an agent",
            {name: asdict(one) for name, one in found.items()},
        )
    )
    return found


@pytest.mark.proves("feature hardening")
def test_nothing_fails_but_what_is_known_with_its_reason(judged: Mapping[str, benchmark.Judged]) -> None:
    """Nor does anything pass that is said to fail."""
    failing = {control: one.failing for control, one in judged.items() if one.status == "FAIL"}
    known = cis.reasons("FAIL")
    assert {control: words for control, words in failing.items() if control not in known} == {}
    assert set(known) - set(failing) == set()


@pytest.mark.proves("feature hardening")
def test_nothing_goes_unlooked_at_but_what_is_known_with_its_reason(judged: Mapping[str, benchmark.Judged]) -> None:
    assert {control for control, one in judged.items() if one.status == "nothing found"} == set(cis.reasons("nothing found"))


@pytest.mark.proves("feature hardening")
def test_what_fails_in_the_api_is_kubernetes_own_or_the_distributions(judged: Mapping[str, benchmark.Judged]) -> None:
    """Objects of kube-system and of RBAC's own roles: none is Stardock's."""
    objects = {name for control, one in judged.items() if control.startswith("5.") for name in one.failing}
    assert sorted(name for name in objects if not benchmark.is_distributions(name)) == []


@pytest.mark.proves("feature hardening")
def test_etcd_asks_everybody_for_a_certificate_by_its_file(cluster: Cluster) -> None:
    """2.1 to 2.6 look for arguments; this is where RKE2's self-assessment looks."""
    settings = json.loads(cluster.ssh("server1", "cat /var/lib/rancher/rke2/server/db/etcd/config"))
    for part in (settings["client-transport-security"], settings["peer-transport-security"]):
        assert part["client-cert-auth"]
        assert all(part[name] for name in ("cert-file", "key-file", "trusted-ca-file"))
    assert cluster.ssh("server1", "stat -c %U:%G /proc/$(pgrep -x etcd)").strip() == "etcd:etcd"


@pytest.mark.proves("feature hardening")
def test_the_authorities_of_kubelets_are_for_root_alone(cluster: Cluster) -> None:
    """4.1.7 sees kube-apiserver's on servers; this is where RKE2's self-assessment looks."""
    for name in NODES:
        assert cluster.ssh(name, "stat -c '%a %U:%G' /var/lib/rancher/rke2/agent/client-ca.crt").strip() == "600 root:root"


@pytest.mark.proves("feature hardening")
def test_anybody_gets_health_and_nothing_else(cluster: Cluster) -> None:
    """1.2.1 asks for an argument that would blind load balancers; what is open instead is this."""
    ask = "for path in readyz version api healthz; do curl -sk -o /dev/null -w '%{http_code} ' https://192.168.1.50:6443/$path; done"
    assert cluster.ssh("agent1", ask).split() == ["200", "401", "401", "401"]


@pytest.mark.proves("feature hardening")
def test_a_pod_that_asks_for_no_restrictions_is_refused_outside_of_the_exempt_namespaces(cluster: Cluster) -> None:
    file = cluster.folder / "pod.yaml"
    file.write_text(POD)
    assert 'violates PodSecurity "restricted:latest"' in cluster.kubectl("apply", f"--filename={file}", check=False).stderr
