"""Manifests of static pods, and the real kubelet's settings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lab.standin.payload import controllers, etcd, kubelet_settings, staticpods
from lab.standin.payload.config import Config
from lab.standin.payload.node import Identity
from lab.standin.payload.paths import Paths, write

IDENTITY = Identity("server1", "10.0.0.11", "v1.36.5+rke2r1", ("tier=a",), ("dedicated=x:NoSchedule",), ("fd00::11",))

pytestmark = pytest.mark.unit


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths(tmp_path, tmp_path / "bin", tmp_path / "data")


def written(paths: Paths, name: str = "etcd") -> dict[str, Any]:
    content: dict[str, Any] = json.loads((paths.agent / f"pod-manifests/{name}.yaml").read_text())
    return content


def test_etcd_is_another_pod_when_its_file_says_something_else_and_sees_its_own_folder_and_its_keys_alone(paths: Paths) -> None:
    for name in (
        "server-ca.crt",
        "server-client.crt",
        "server-client.key",
        "peer-ca.crt",
        "peer-server-client.crt",
        "peer-server-client.key",
    ):
        write(paths.tls / "etcd" / name, "")
    uids = []
    for extra in ((), (), ("heartbeat-interval=500",)):
        etcd.configure(paths, "a-1", "10.0.0.1", cluster="a-1=x", state="new", extra=extra)
        staticpods.write_manifest(paths, "etcd", "server1", etcd.command(paths))
        uids.append(written(paths)["metadata"]["uid"])
    assert [uids[0] == uids[1], uids[1] == uids[2]] == [True, False]
    mounts = [mount["mountPath"] for mount in written(paths)["spec"]["containers"][0]["volumeMounts"]]
    assert mounts[:2] == [str(paths.etcd), str(paths.tools)]
    assert len(mounts) == 8
    assert f"{paths.tls}/etcd/server-client.key" in mounts


def test_with_a_profile_etcd_runs_under_its_account_which_owns_what_it_reads(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[tuple[str, int, int]] = []
    monkeypatch.setattr("os.chown", lambda file, user, group: given.append((file.name, user, group)))
    write(paths.etcd / "name", "a-1")
    staticpods.write_manifest(paths, "etcd", "server1", ["etcd"], account=(52034, 52035))
    assert written(paths)["spec"]["securityContext"] == {"runAsUser": 52034, "runAsGroup": 52035}
    assert sorted(given) == [("etcd", 52034, 52035), ("name", 52034, 52035)]
    staticpods.write_manifest(paths, "etcd", "server1", ["etcd"])
    assert "securityContext" not in written(paths)["spec"]


def test_a_file_that_an_argument_names_is_mounted_and_one_that_is_not_there_is_not(paths: Paths, tmp_path: Path) -> None:
    there = tmp_path / "policy.yaml"
    there.write_text("")
    staticpods.write_manifest(paths, "kube-apiserver", "server1", ["kube-apiserver", f"--audit-policy-file={there}", "--x=/not/there"])
    mounts = [mount["mountPath"] for mount in written(paths, "kube-apiserver")["spec"]["containers"][0]["volumeMounts"]]
    assert mounts == [str(paths.server), str(paths.tools), str(there)]


def test_another_content_of_a_file_that_an_argument_names_makes_another_pod(paths: Paths, tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    uids = []
    for content in ("a", "a", "b"):
        policy.write_text(content)
        staticpods.write_manifest(paths, "kube-apiserver", "server1", ["kube-apiserver", f"--audit-policy-file={policy}"])
        uids.append(written(paths, "kube-apiserver")["metadata"]["uid"])
    assert [uids[0] == uids[1], uids[1] == uids[2]] == [True, False]


def test_the_pod_runs_in_the_hosts_network_and_its_log_lies_under_its_uid(paths: Paths) -> None:
    staticpods.write_manifest(paths, "etcd", "server1", ["etcd", "--name=a"])
    pod = written(paths)
    assert pod["spec"]["hostNetwork"]
    assert len(pod["metadata"]["uid"]) == 32
    staticpods.remove_manifest(paths, "etcd")
    assert not (paths.agent / "pod-manifests/etcd.yaml").exists()


def test_what_a_version_would_refuse_runs_in_the_place_of_the_program(paths: Paths) -> None:
    staticpods.write_manifest(paths, "kube-apiserver", "server1", ["kube-apiserver", "--a=b"], ["/bin/sh", "-c", "exit 1"])
    container = written(paths, "kube-apiserver")["spec"]["containers"][0]
    assert [container["command"], container["args"]] == [["/bin/sh"], ["-c", "exit 1"]]


def test_the_kubelet_gets_labels_taints_addresses_and_the_users_arguments(paths: Paths) -> None:
    words = kubelet_settings.command(paths, Config("agent", {"kubelet-arg": ("max-pods=50", "sync-frequency=10s")}), IDENTITY)
    assert {"--node-labels=tier=a", "--register-with-taints=dedicated=x:NoSchedule", "--node-ip=10.0.0.11,fd00::11"} <= set(words)
    assert {"--max-pods=50", "--sync-frequency=10s"} <= set(words)
    assert "--sync-frequency=30s" not in words


def test_clients_of_a_kubelet_must_show_a_certificate_and_it_shows_its_own(paths: Paths) -> None:
    kubelet_settings.configure(paths, Config("agent", {"service-cidr": ("10.96.0.0/12",)}))
    settings = json.loads((paths.agent / "etc/kubelet.conf.d/00-rke2-defaults.conf").read_text())
    assert settings["authentication"]["anonymous"] == {"enabled": False}
    assert settings["authorization"] == {"mode": "Webhook"}
    assert settings["tlsCertFile"].endswith("agent/serving-kubelet.crt")
    assert settings["clusterDNS"] == ["10.96.0.10"]


def test_controllers_take_the_users_arguments_and_serve_on_loopback(paths: Paths) -> None:
    config = Config(
        "server", {"kube-controller-manager-arg": ("node-monitor-grace-period=20s",), "cluster-cidr": ("10.1.0.0/16", "fd01::/48")}
    )
    words = controllers.manager(paths, config)
    assert {"--node-monitor-grace-period=20s", "--bind-address=127.0.0.1", "--cluster-cidr=10.1.0.0/16,fd01::/48"} <= set(words)


def test_what_the_service_is_told_of_a_proxy_its_static_pods_are_told(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example.com:3128")
    monkeypatch.setenv("NOTIFY_SOCKET", "/run/systemd/notify")
    staticpods.write_manifest(paths, "kube-scheduler", "server1", ["kube-scheduler"])
    told = {one["name"]: one["value"] for one in written(paths, "kube-scheduler")["spec"]["containers"][0]["env"]}
    assert told["HTTPS_PROXY"] == "http://proxy.example.com:3128"
    assert "NOTIFY_SOCKET" not in told
