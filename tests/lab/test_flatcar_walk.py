"""docs/walks/flatcar-k3s.md by Flatcar's paths: its file and the commands of its Ansible half, on machines of the lab.

The machines are Debian (the lab has no Ignition): /usr is made read-only, and os-release says Flatcar. No chart is to be had there, so that
helm-controller's Jobs fail; what a first boot of Flatcar does is in no test but that of its documents.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from stardock.model.stages import NAMES
from tests.lab import walk
from tests.lab.cluster import ROOT, Cluster

pytestmark = [
    pytest.mark.lab,
    pytest.mark.nodes,
    pytest.mark.long,
    pytest.mark.timeout(1800),
    pytest.mark.one_life("flatcar walk"),
    pytest.mark.proves("feature walks", "feature k3s on Flatcar"),
]

EXAMPLE = (ROOT / "examples/flatcar-k3s/cluster.yaml").read_text()
MACHINES = ("server1", "agent1", "agent2", "agent3")
#: Its third step.
(BOOTSTRAP,) = (step.text for step in walk.steps("flatcar-k3s") if "runner bootstrap\n" in step.text)
#: As an image of Flatcar has it (flatcar/scripts, os-release of baselayout): nobody writes below /usr.
LIKE_FLATCAR = """\
rm /etc/os-release && printf 'ID=flatcar\\nID_LIKE=coreos\\nVERSION_ID=4459.2.0\\nPRETTY_NAME="Flatcar"\\n' >/etc/os-release
mount --bind /usr /usr && mount -o remount,bind,ro /usr && ! touch /usr/local/bin/x 2>/dev/null
"""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """The page's machines, deployed as Debian: the same names and MACs."""
    folder = tmp_path_factory.mktemp("flatcar")
    text = EXAMPLE.replace("image: {system: flatcar}", "image: {system: debian}")
    assert text != EXAMPLE
    (folder / "cluster.yaml").write_text(text.partition("addons:\n")[0] + "protect: false\n")
    with Cluster("flatcar", folder / "cluster.yaml", "real").deployed() as cluster:
        for name in MACHINES:
            cluster.ssh(name, f"cloud-init status --wait >/dev/null; {LIKE_FLATCAR}")
        yield cluster


@pytest.fixture(scope="module")
def home(cluster: Cluster) -> Path:
    """The page's `clusters/home`, with the example as it stands, and what `runner deploy` leaves there."""
    folder = cluster.folder.resolve() / "clusters/home"
    folder.mkdir(parents=True)
    (folder / "cluster.yaml").write_text(EXAMPLE)
    for name in ("id_ed25519", "id_ed25519.pub", "cluster.facts.json", "cluster.known_hosts"):
        shutil.copy(cluster.folder / name, folder)
    return folder


def walked(cluster: Cluster, home: Path, script: str) -> str:
    """What commands of the page say."""
    where = ["env", "-C", str(home.parents[1]), f"STARDOCK_FILE={home / 'cluster.yaml'}"]
    return cluster.inside(*where, "sh", "-eu", "-c", script, timeout=900).stdout


def test_the_page_bootstraps_its_own_file_and_its_add_ons_are_handed_over(cluster: Cluster, home: Path) -> None:
    said = walked(cluster, home, BOOTSTRAP)
    for name in MACHINES:
        assert f"\n{name} " in said, "kubectl get nodes lists it"
    for chart in ("kured", "piraeus-operator", "pulumi-kubernetes-operator"):
        assert f" {chart} " in said, "kubectl get helmcharts lists it"


def test_the_programs_lie_in_opt_and_nothing_below_usr_was_wanted(cluster: Cluster) -> None:
    for name in MACHINES:
        unit = "k3s" if name == "server1" else "k3s-agent"
        assert cluster.ssh(name, f"systemctl show --property ExecStart --value {unit}").split(";")[0].endswith("path=/opt/bin/k3s ")
        assert cluster.ssh(name, "test ! -e /usr/local/bin/k3s && cat /etc/flatcar/update.conf").endswith("REBOOT_STRATEGY=off\n")


def test_a_second_run_changes_nothing(cluster: Cluster, home: Path) -> None:
    said = walked(cluster, home, "export PULUMI_ACCESS_TOKEN=...; runner bootstrap")
    assert said.count("changed: nothing") == len(NAMES), said


def test_the_nodes_are_labelled_for_piraeus_and_its_class_is_there(cluster: Cluster, home: Path) -> None:
    kubectl = f"kubectl --kubeconfig {home / 'cluster.kubeconfig'} "
    nodes = json.loads(walked(cluster, home, f"{kubectl} get nodes -o json"))["items"]
    labels = {node["metadata"]["name"]: node["metadata"]["labels"] for node in nodes}
    assert {name for name, found in labels.items() if found.get("stardock.io/piraeus") == "disk"} == set(MACHINES[1:])
    classes = walked(cluster, home, f"{kubectl} get storageclass -o name").split()
    assert "storageclass.storage.k8s.io/piraeus" in classes
