"""`runner prove` where machines boot and clusters come to be: the whole of it for Debian, and SIGKILL at five moments."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.patience import patient
from lab.standin import build_release
from stardock.distributions import DISTRIBUTIONS
from stardock.prove.checks import CHECKS, CLUSTER_CHECKS
from stardock.prove.releases import releases
from tests.lab.cluster import Cluster, example_as
from tests.waiting import until

pytestmark = [pytest.mark.lab, pytest.mark.long, pytest.mark.timeout(1800), pytest.mark.one_life("proof")]

VIP = "10.77.0.5"
#: Of nodes that a kubelet makes; where they are emulated, nothing runs a pod.
PODS = {"a pod runs", "a Service leads to a pod"}
#: Of systems that have it: the lab's machines are of one that has not.
SELINUX = {"SELinux denied nothing"}
LONGEST_SECONDS = 1800


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A lab with the pool of a proof and a cluster file, nothing of it deployed; releases of both distributions, by version."""
    example = example_as("proof", tmp_path_factory.mktemp("proof"), "single")
    example.write_text(example.read_text().replace("machines: [server1]", "machines: [server1], pve_pool: stardock-prove"))
    cluster = Cluster("proof", example)
    cluster.up()
    try:
        folder = Path(cluster.inside("printenv", "STARDOCK_ARTIFACTS").stdout.strip())
        for version in (each for name in DISTRIBUTIONS for each in releases(name)):
            build_release(folder / version, version)
        yield cluster
    finally:
        cluster.down()


def proof(cluster: Cluster) -> Path:
    return cluster.folder / "cluster.prove"


def left(cluster: Cluster) -> list[str]:
    """VMs, and files of datastores."""
    files = [path.name for kind in ("import", "snippets") for path in (cluster.folder / "lab/pve").glob(f"pve*/local/{kind}/*")]
    vms = [line for line in cluster.command("lab", "status", "-f", str(cluster.example)).stdout.splitlines() if "prove-" in line]
    return [*vms, *files]


def test_the_whole_of_prove_for_debian_with_both_distributions_in_under_30_minutes(cluster: Cluster) -> None:
    began = time.monotonic()
    words = ("--yes", "--distribution", "rke2", "--distribution", "k3s", "--vip", VIP)
    done = cluster.inside("runner", "prove", "-f", str(cluster.file), *words, check=False, timeout=LONGEST_SECONDS)
    seconds = time.monotonic() - began
    sys.stdout.write(f"{done.stdout}\nthe whole took {seconds:.0f} s\n")
    assert done.returncode == 0, done.stdout + done.stderr
    assert seconds < patient(LONGEST_SECONDS)
    report = json.loads((proof(cluster) / "report/report.json").read_text())
    results = {(one["distribution"], one["name"]): one["result"] for one in report["checks"]}
    names = {("", check.name) for check in CHECKS} | {(name, check.name) for name in DISTRIBUTIONS for check in CLUSTER_CHECKS}
    assert set(results) == names
    assert "fail" not in results.values()
    passed = {check.name for check in CLUSTER_CHECKS} - PODS - SELINUX
    assert {results[name, check] for name in DISTRIBUTIONS for check in passed} == {"pass"}
    assert left(cluster) == []
    assert not (proof(cluster) / "journal.jsonl").exists()


#: What its log says, and how many seconds later it is killed.
MOMENTS = {
    "while a cluster is founded": ("bootstrap: founder", 8.0),
    "while it cleans": ("  VM ", 0.5),
    "while an agent joins": ("bootstrap: agents", 3.0),
    "while machines are made": ("apply: ", 3.0),
    "while the kubeconfig is fetched": ("bootstrap: kubeconfig", 0.0),
}


@pytest.mark.proves("feature proof on a real Proxmox")
@pytest.mark.parametrize(("words", "seconds"), MOMENTS.values(), ids=MOMENTS.keys())
def test_after_sigkill_clean_leaves_nothing(cluster: Cluster, words: str, seconds: float) -> None:
    said = cluster.folder / "said.log"
    log = proof(cluster) / "prove.log"
    log.unlink(missing_ok=True)
    with said.open("w") as output:
        asked = ("--yes", "--distribution", "k3s", "--check", "a cluster is founded")
        run = cluster.begin("runner", "prove", "-f", str(cluster.file), *asked, output=output)
        until(lambda: words in (log.read_text() if log.exists() else "") + said.read_text() or run.poll() is not None, words, 300)
        time.sleep(seconds)
        os.kill(int((proof(cluster) / "machines/cluster.pid").read_text().split()[0]), signal.SIGKILL)
        assert run.wait(timeout=patient(60)) != 0, said.read_text()
    assert (proof(cluster) / "journal.jsonl").exists()
    cluster.inside("runner", "prove", "-f", str(cluster.file), "--clean", "--yes")
    assert left(cluster) == []
    assert not (proof(cluster) / "machines").exists()
    assert not (proof(cluster) / "journal.jsonl").exists()
