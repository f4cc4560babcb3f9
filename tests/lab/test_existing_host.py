"""A machine that another Terraform made joins as an agent, and leaves: its owner's, and never restarted."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator

import pytest
import yaml

from lab.patience import patient
from stardock.model.stages import NAMES
from tests.lab.cluster import ROOT, Cluster, example_as
from tests.waiting import until

pytestmark = [
    pytest.mark.lab,
    pytest.mark.nodes,
    pytest.mark.long,
    pytest.mark.timeout(1200),
    pytest.mark.one_life("existing host"),
    pytest.mark.proves("feature hosts that exist already"),
]

WEB = ROOT / "tools/demo-web.yaml"


#: As a host says it that must keep cgroup v1, which a machine may have that runs the lab.
CGROUP_V1 = {
    "path": "/var/lib/rancher/k3s/agent/etc/kubelet.conf.d/10-cgroup.conf",
    "content": "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nfailCgroupV1: false\n",
}


class Pi:
    """The machine: another cluster's, with a Terraform state of its own, never bootstrapped there."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        folder = cluster.folder / "others"
        folder.mkdir()
        for key in ("id_ed25519", "id_ed25519.pub"):
            shutil.copy(cluster.folder / key, folder / key)
        text = re.sub(r"^cluster: .*$", "cluster: others", cluster.file.read_text(), flags=re.MULTILINE)
        (folder / "cluster.yaml").write_text(text.replace("machines: [server1]", "machines: [pi1], vm_id_start: 900"))
        cluster.inside("runner", "deploy", "-f", str(folder / "cluster.yaml"), "--yes")
        facts = json.loads((folder / "cluster.facts.json").read_text())["machines"]["pi1"]
        self.address = next(iter(facts["addresses"].values()))[0]
        self.host_keys: list[str] = facts["host_keys"]

    def run(self, script: str, *, check: bool = True) -> str:
        """What a root shell on it prints."""
        options = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"]
        key = str(self._cluster.folder / "id_ed25519")
        return self._cluster.inside("ssh", "-i", key, *options, f"root@{self.address}", script, check=check).stdout.strip()

    @property
    def boot(self) -> str:
        """Changes with every boot."""
        return self.run("cat /proc/sys/kernel/random/boot_id")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with Cluster(
        "existing-host", example_as("existing-host", tmp_path_factory.mktemp("existing-host"), "k3s"), "real"
    ).deployed() as cluster:
        cluster.bootstrap()
        yield cluster


@pytest.fixture(scope="module")
def pi(cluster: Cluster) -> Pi:
    found = Pi(cluster)
    host = {
        "name": "pi1",
        "role": "agent",
        "address": found.address,
        "system": "debian",
        "host_keys": found.host_keys,
        "labels": {"example.org/place": "shelf"},
        "taints": ["edge=true:NoSchedule"],
        "cloud_init": {"users": [{"name": "ada"}], "user_data": {"write_files": [CGROUP_V1]}},
    }
    text = cluster.file.read_text()
    assert text.count("\nprotect: false") == 1
    cluster.file.write_text(text.replace("\nprotect: false", f"\nhosts: {json.dumps([host])}\nprotect: false"))  # no escapes are undone
    return found


def test_one_that_is_not_fit_is_left_out_with_the_cure_and_nothing_is_written_there(cluster: Cluster, pi: Pi) -> None:
    pi.run("mkdir -p /etc/kubernetes && echo x >/etc/kubernetes/kubelet.conf")
    before = pi.run("find /etc -newer /etc/kubernetes/kubelet.conf -type f | sort")
    failed = cluster.bootstrap(check=False)
    assert failed.returncode == 6, failed.stdout + failed.stderr
    assert "done, without pi1:" in failed.stderr
    assert "another Kubernetes is on it, kubeadm" in failed.stderr
    assert "kubeadm reset --force" in failed.stderr
    assert pi.run("find /etc -newer /etc/kubernetes/kubelet.conf -type f | sort") == before
    pi.run("rm -r /etc/kubernetes")


def test_it_joins_with_labels_and_taints_and_the_second_run_changes_nothing(cluster: Cluster, pi: Pi) -> None:
    began, keys = pi.boot, pi.run("cat /root/.ssh/authorized_keys")
    cluster.bootstrap()
    assert cluster.nodes()["pi1"]["Ready"] == "True"
    node = json.loads(cluster.kubectl("get", "node", "pi1", "-o", "json").stdout)
    assert node["metadata"]["labels"]["example.org/place"] == "shelf"
    assert {"key": "edge", "value": "true", "effect": "NoSchedule"} in node["spec"]["taints"]
    again = cluster.bootstrap().stdout
    assert again.count("changed: nothing") == len(NAMES), again
    assert (pi.boot, pi.run("cat /root/.ssh/authorized_keys")) == (began, keys), "never restarted, and its owner's way in is as it was"
    assert pi.run("id ada && cat /etc/hostname").endswith("pi1")


def test_pods_run_there(cluster: Cluster, pi: Pi) -> None:
    image = next(one for one in yaml.safe_load_all(WEB.read_text()) if one["kind"] == "Deployment")["spec"]["template"]["spec"][
        "containers"
    ][0]
    spec = {"nodeName": "pi1", "tolerations": [{"operator": "Exists"}], "containers": [image]}
    cluster.kubectl("run", "there", f"--image={image['image']}", f"--overrides={json.dumps({'spec': spec})}")
    cluster.kubectl("wait", "--for=condition=Ready", "pod/there", f"--timeout={patient(90):g}s")


def test_terraform_and_proxmox_know_nothing_of_it(cluster: Cluster, pi: Pi) -> None:
    assert "pi1" not in next((cluster.folder / "cdktf.out").rglob("cdk.tf.json")).read_text()
    assert "pi1" not in cluster.file.with_suffix(".lock").read_text()
    cluster.plan_is_clean()
    refused = cluster.inside("runner", "machine", "stop", "-f", str(cluster.file), "pi1", "--yes", check=False)
    assert "pi1 is a host that exists already" in refused.stderr
    assert cluster.plan()["hosts"][0]["name"] == "pi1"


def test_it_leaves_as_the_page_says(cluster: Cluster, pi: Pi) -> None:
    cluster.kubectl("drain", "pi1", "--ignore-daemonsets", "--delete-emptydir-data", "--force")
    cluster.kubectl("delete", "node", "pi1")
    pi.run("k3s-agent-uninstall.sh")
    cluster.edit(r"^hosts: .*\n", "")
    again = cluster.bootstrap().stdout
    assert again.count("changed: nothing") == len(NAMES), again
    until(lambda: list(cluster.nodes()) == ["server1"], "pi1 to be gone")
    assert pi.run("systemctl is-active k3s-agent", check=False) != "active"
