from __future__ import annotations

import os
from pathlib import Path

import pytest

from lab.standin.payload import kubelet
from lab.standin.payload.authentication import Version
from lab.standin.payload.config import Config
from lab.standin.payload.paths import Paths

pytestmark = pytest.mark.unit


def refused(**keys: str | tuple[str, ...]) -> str:
    values = {key.replace("_", "-"): (value,) if isinstance(value, str) else value for key, value in keys.items()}
    return kubelet.refused(Config("agent", values))


@pytest.mark.proves("reality D21")
@pytest.mark.parametrize("label", [
    "node-role.kubernetes.io/worker=true", "node-role.kubernetes.io/control-plane=", "app.kubernetes.io/name=x", "kubernetes.io/role=x",
    "node-restriction.kubernetes.io/x=y", "beta.kubernetes.io/metadata=x", "x.k8s.io/y=z", "k8s.io/y=z",
])  # fmt: skip
def test_labels_of_kubernetes_namespaces_outside_of_the_allow_list_end_a_kubelet(label: str) -> None:
    words = f"unknown 'kubernetes.io' or 'k8s.io' labels specified with --node-labels: [{label.partition('=')[0]}]"
    assert words in refused(node_label=("a=b", label))
    assert words in refused(kubelet_arg=(f"node-labels={label}",))


@pytest.mark.parametrize("label", [
    "pool=one", "pool=", "node.kubernetes.io/x=y", "a.node.kubernetes.io/x=y", "kubelet.kubernetes.io/x=y", "topology.kubernetes.io/zone=a",
    "example.com/x=y", "notkubernetes.io/x=y", "kubernetes.io/hostname=x",
])  # fmt: skip
def test_other_labels_do_not(label: str) -> None:
    assert not refused(node_label=label)


@pytest.mark.parametrize(("keys", "words"), [
    ({"node_label": "pool"}, "malformed pair, expect string=string: pool"), ({"node_label": "a b=c"}, "invalid node labels: 'a b'"),
    ({"node_label": "a=b/c"}, "invalid node labels: 'b/c'"), ({"node_label": "-/x=c"}, "invalid node labels: '-/x'"),
    ({"node_taint": "a=b"}, "invalid taint spec: a=b"), ({"node_taint": "a=b:Never"}, "invalid taint effect: Never"),
])  # fmt: skip
def test_what_is_no_label_and_no_taint_ends_it_too(keys: dict[str, str], words: str) -> None:
    assert words in refused(**keys)


@pytest.mark.parametrize(("argument", "words"), [
    ("shutdown-grace-period=30s", "failed to parse kubelet flag: unknown flag: --shutdown-grace-period"), ("max-pods=200", ""),
    ("max_pods=200", ""), ("v=4", ""), ("log-file=/x", ""), ("eviction-hard+=memory.available<100Mi", ""),
])  # fmt: skip
def test_a_flag_that_a_kubelet_does_not_have_ends_it(argument: str, words: str) -> None:
    assert refused(kubelet_arg=(argument,)) == words


def test_a_flag_that_went_is_known_to_older_minors_only() -> None:
    assert "pod-infra-container-image" in kubelet.known_flags(Version.of("v1.33.3+rke2r1"))
    assert "pod-infra-container-image" not in kubelet.known_flags(Version.of("v1.36.5+rke2r1"))


def test_kubelet_arg_replaces_what_node_label_gives() -> None:
    assert not refused(node_label="node-role.kubernetes.io/worker=x", kubelet_arg="node-labels=a=b", node_taint="a=b:NoSchedule")


def test_its_log_has_klog_s_shape_and_the_journal_only_that_it_exited(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = Paths(tmp_path, tmp_path, tmp_path / "data")
    assert not kubelet.Kubelet(paths, Config("agent", {"node-label": ("k8s.io/x=y",)})).start()
    line = (paths.logs / "kubelet.log").read_text()
    assert line.count("\n") == 1
    assert 'run.go:72] "command failed" err="failed to validate kubelet flags: unknown' in line
    journal = capsys.readouterr().err
    assert 'level=error msg="Kubelet exited: exit status 1"' in journal
    assert "k8s.io" not in journal
    assert kubelet.Kubelet(paths, Config("agent", {})).start()


MEMORY, CORES = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"), os.cpu_count() or 1


@pytest.mark.proves("feature what nodes keep")
@pytest.mark.parametrize(("arguments", "resource"), [
    ((f"kube-reserved=cpu=80m,memory={MEMORY // 2**20 + 1}Mi",), "memory"), (("kube-reserved=cpu=80m,memory=1Mi",), ""),
    ((f"kube-reserved=memory={MEMORY}",), ""),
    ((f"kube-reserved=memory={MEMORY}", "eviction-hard=memory.available<1Mi,nodefs.available<5%"), "memory"),
    (("kube-reserved=memory=1Gi", f"system-reserved=memory={MEMORY}"), "memory"), (("eviction-hard=memory.available<101%",), "memory"),
    ((f"kube-reserved=cpu={CORES}",), ""), ((f"kube-reserved=cpu={CORES * 1000 + 1}m",), "cpu"), (("kube-reserved=cpu=0.5",), ""),
    (("eviction-hard=imagefs.available<5%",), ""),
])  # fmt: skip
def test_what_is_more_than_the_machine_has_is_kept_by_no_kubelet(tmp_path: Path, arguments: tuple[str, ...], resource: str) -> None:
    paths = Paths(tmp_path, tmp_path, tmp_path / "data")
    assert kubelet.Kubelet(paths, Config("agent", {"kubelet-arg": arguments})).start() == (not resource)
    log = (paths.logs / "kubelet.log").read_text()
    words = (
        f'"Failed to start ContainerManager" err="invalid Node Allocatable configuration. Resource \\"{resource}\\" has a reservation of'
    )
    assert (words in log, "Expected capacity >= reservation." in log) == (bool(resource), bool(resource))
