"""docs/walks/two-sites.md, walked as it stands: a server at home, a laptop at an office behind NAT, a machine that hangs.

In place of the names of example.org are addresses of the lab's routers; bootstrap runs where both sites are seen, without a jump host; the
laptop has fewer cores than the page's.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.command.copy import relocated
from lab.patience import patient
from stardock.model.stages import NAMES
from tests.lab import walk
from tests.lab.beside import deployed_beside
from tests.lab.cluster import ROOT, Cluster
from tests.lab.sites import PUBLIC, translate
from tests.lab.test_existing_host import CGROUP_V1
from tests.waiting import until

pytestmark = [
    pytest.mark.lab,
    pytest.mark.nodes,
    pytest.mark.long,
    pytest.mark.timeout(1800),
    pytest.mark.one_life("two sites"),
    pytest.mark.proves("feature walks", "feature mesh", "feature hosts that exist already"),
]

EXAMPLE = ROOT / "examples/two-sites"
STEPS = walk.steps("two-sites")
#: Where the edit is, which is a host more, and where the machine hangs.
(JOINS,) = (position for position, step in enumerate(STEPS) if step.kind == "yaml")
(HANGS,) = (position for position, step in enumerate(STEPS) if "machine reset" in step.text)
#: The office's network, for a lab that is there before the laptop.
OFFICE = """
  - name: office
    role: agent
    machines: [somebody]
    site: office
    memory: 2GiB
    disk: 20GiB
    interfaces: [{bridge: vmbr1, static: {base: 192.168.7.5, gateway: 192.168.7.1}, dns: [192.168.7.1]}]
"""
JUMP = "    ssh_jump: ops@office.example.org\n"


def lab_words(text: str) -> str:
    """A text of the page with the lab's addresses, and a laptop as large as this machine, which may have cgroup v1: it says so."""
    more = f"    cloud_init: {{user_data: {{write_files: [{json.dumps(CGROUP_V1)}]}}}}\n"
    return text.replace("home.example.org", PUBLIC["vmbr0"]).replace(JUMP, more).replace("    cores: 8\n", "    cores: 1\n")


def workloads() -> str:
    """The page's. Busybox is linked statically here: its wget ends by a signal where glibc would look a name up."""
    text = (EXAMPLE / "workloads.yaml").read_text()
    assert "http://web;" in text
    return text.replace("http://web;", "http://$WEB_SERVICE_HOST;")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    folder = Path(shutil.copytree(EXAMPLE, tmp_path_factory.mktemp("two-sites") / "two-sites"))
    first = (folder / "cluster.yaml").read_text()
    (folder / "cluster.yaml").write_text(first.replace("\naddons:", f"{OFFICE}\naddons:"))
    cluster = Cluster("two-sites", folder / "cluster.yaml", "real")
    cluster.up()
    try:
        (cluster.folder / "workloads.yaml").write_text(workloads())
        cluster.file.write_text(relocated(lab_words(first)))
        cluster.file.with_suffix(".lock").unlink(missing_ok=True)
        translate(cluster, "192.168.1.50")
        yield cluster
    finally:
        cluster.down()


def crunched(cluster: Cluster, name: str) -> str:
    """What a job at the office got from the web server at home."""
    cluster.kubectl("create", "job", name, "--from=cronjob/crunch")
    cluster.kubectl("wait", "--for=condition=Complete", f"job/{name}", f"--timeout={patient(120):g}s")
    return cluster.kubectl("logs", f"job/{name}").stdout


def test_a_server_at_home_is_known_by_the_mesh_from_the_start(cluster: Cluster) -> None:
    walk.done(cluster, STEPS[:JOINS], lab_words)
    form = "jsonpath={.items[*].status.addresses[?(@.type=='InternalIP')].address}"
    assert cluster.kubectl("get", "nodes", "-o", form).stdout.strip() == "10.98.0.1"


def test_a_laptop_behind_another_router_joins_and_its_job_reaches_home(cluster: Cluster) -> None:
    deployed_beside(cluster, "laptop", "192.168.7.5", 900, bridge="vmbr1")
    said = walk.done(cluster, STEPS[JOINS:HANGS], lab_words)
    assert "from home\n" in said
    assert {name: one["Ready"] for name, one in cluster.nodes().items()} == {"server1": "True", "laptop1": "True"}
    pods = json.loads(cluster.kubectl("get", "pods", "-o", "json").stdout)["items"]
    assert {pod["spec"]["nodeName"] for pod in pods if pod["metadata"]["name"].startswith("crunch")} == {"laptop1"}
    assert {pod["spec"]["nodeName"] for pod in pods if pod["metadata"]["name"].startswith("web")} == {"server1"}


def test_the_server_that_hangs_is_reset_and_all_is_as_before(cluster: Cluster) -> None:
    before = cluster.boots(["server1"])
    said = walk.done(cluster, STEPS[HANGS:], lab_words)
    assert cluster.boots(["server1"]) != before
    assert said.count("changed: nothing") == len(NAMES), said
    until(lambda: cluster.nodes()["laptop1"]["Ready"] == "True", "the laptop to be Ready", 120)
    assert "from home\n" in crunched(cluster, "after")
    refused = cluster.inside("runner", "machine", "reset", "-f", str(cluster.file), "laptop1", "--yes", check=False)
    assert "laptop1 is a host that exists already" in refused.stderr
