from __future__ import annotations

from pathlib import Path

import pytest

from lab.standin.payload import networks, selinux
from lab.standin.payload.config import Config
from lab.standin.payload.journal import FatalError
from lab.standin.payload.kubelet import Kubelet
from lab.standin.payload.paths import Paths

pytestmark = pytest.mark.unit
V4, V6 = "10.42.0.0/16", "fd00:42::/56"


def paths_of(folder: Path) -> Paths:
    return Paths(folder, folder, folder / "data")


@pytest.mark.parametrize(("values", "name"), [
    ((), "canal"), (("cilium",), "cilium"), (("none",), "none"), (("multus", "calico"), "calico"), (("multus", "none"), "none"),
])  # fmt: skip
def test_one_cni_is_chosen(values: tuple[str, ...], name: str) -> None:
    assert networks.chosen(Config("server", {"cni": values} if values else {})) == name


@pytest.mark.parametrize(("values", "words"), [
    (("kube-ovn",), "Invalid value kube-ovn for --cni flag: must be one of calico,canal,cilium,flannel"),
    (("multus",), "multus must be used alongside another primary cni selection"),
    (("canal", "cilium"), "may only provide multiple values if multus is the first value"),
    (("multus", "canal", "cilium"), "must specify 1 or 2 values"),
])  # fmt: skip
def test_other_cnis_are_refused_as_rke2_does(values: tuple[str, ...], words: str) -> None:
    with pytest.raises(FatalError, match=words):
        networks.chosen(Config("server", {"cni": values}))


@pytest.mark.parametrize(("cluster", "service", "addresses"), [
    ([V4], ["10.43.0.0/16"], ["10.0.0.1"]), ([V4, V6], ["10.43.0.0/16", "fd00:43::/112"], ["10.0.0.1", "fd00::1"]),
    ([V4], ["10.43.0.0/16"], ["fd00::1", "10.0.0.1"]), ([V6], ["fd00:43::/112"], ["fd00::1"]),
])  # fmt: skip
def test_networks_of_the_same_families_are_taken(cluster: list[str], service: list[str], addresses: list[str]) -> None:
    networks.check_families(cluster, service, addresses)


@pytest.mark.parametrize(("cluster", "service", "addresses", "words"), [
    ([V4, V6], ["10.43.0.0/16"], ["10.0.0.1"], "cluster-cidr: .* and service-cidr: .*, must share the same IP version"),
    ([V4, V6], ["fd00:43::/112", "10.43.0.0/16"], ["10.0.0.1", "fd00::1"], "and service-cidr"),
    ([V4, V6], ["10.43.0.0/16", "fd00:43::/112"], ["10.0.0.1"], "cluster-cidr: .* and node-ip: .*, must share the same IP version"),
    ([V6], ["fd00:43::/112"], ["10.0.0.1"], "and node-ip"),
])  # fmt: skip
def test_others_are_refused(cluster: list[str], service: list[str], addresses: list[str], words: str) -> None:
    with pytest.raises(FatalError, match=words):
        networks.check_families(cluster, service, addresses)


@pytest.mark.proves("reality D28")
def test_a_node_is_ready_when_some_cni_is_there(tmp_path: Path) -> None:
    paths = paths_of(tmp_path)
    kubelet = Kubelet(paths, Config("agent", {}))
    networks.install(paths, "none")
    assert "cni plugin not initialized" in kubelet.trouble()
    networks.install(paths, "canal")
    assert not kubelet.trouble()


@pytest.mark.proves("reality B11")
def test_with_selinux_and_no_policy_static_pods_never_start(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths, asked = paths_of(tmp_path), Config("server", {"selinux": ("true",)})
    assert Kubelet(paths, asked).runs_pods()  # a warning only where no SELinux is
    assert "rke2-selinux policy may need to be applied" in capsys.readouterr().err
    enforce = tmp_path / "sys/fs/selinux/enforce"
    enforce.parent.mkdir(parents=True)
    enforce.write_text("1")
    assert not Kubelet(paths, asked).runs_pods()
    assert "rke2_service_t is not known" in (paths.logs / "kubelet.log").read_text()
    assert selinux.lets_pods_run(paths, Config("server", {}))
    assert "has not been started with --selinux" in capsys.readouterr().err
    (tmp_path / "var/lib/selinux/targeted/active/modules/200/rke2").mkdir(parents=True)
    assert Kubelet(paths, asked).runs_pods()
    assert not capsys.readouterr().err
