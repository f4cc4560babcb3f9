from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lab.standin.payload import apiserver, arguments, certificates, etcd
from lab.standin.payload.config import Config
from lab.standin.payload.paths import Paths

pytestmark = pytest.mark.unit
PATHS = Paths(Path("/"), Path("/tools"), Path("/data"))


def api(*arguments: str) -> list[str]:
    return apiserver.command(PATHS, Config("server", {"kube-apiserver-arg": arguments}), "10.0.0.1")


def test_anonymous_callers_are_shut_out_unless_a_file_says_otherwise() -> None:
    assert "--anonymous-auth=false" in api()
    opened = api("authentication-config=/etc/x.yaml")
    assert "--authentication-config=/etc/x.yaml" in opened
    assert not [flag for flag in opened if "anonymous-auth" in flag]


def test_the_user_s_arguments_replace_ours() -> None:
    assert "--profiling=true" in api("profiling")
    assert "--profiling=false" not in api("profiling=true")


def test_a_file_of_authorization_takes_the_place_of_the_modes() -> None:
    assert "--authorization-mode=Node,RBAC" in api()
    assert not [flag for flag in api("authorization-config=/etc/x.yaml") if "authorization-mode" in flag]


def configured(paths: Paths, *extra: str, cluster: str = "a-1=x") -> dict[str, Any]:
    """What etcd's file says."""
    etcd.configure(paths, "a-1", "10.0.0.1", cluster=cluster, state="new", extra=extra)
    settings: dict[str, Any] = json.loads((paths.etcd / "config").read_text())
    return settings


def test_etcd_has_its_arguments_at_the_top_of_its_file_and_asks_for_certificates_whatever_they_say(tmp_path: Path) -> None:
    paths = Paths(tmp_path, tmp_path / "bin", tmp_path / "data")
    extra = ("client-cert-auth=false", "---log-level=info", "quota-backend-bytes", "election-timeout=5000", "backend-batch-interval=100ms")
    settings = configured(paths, *extra)
    assert [settings[name]["client-cert-auth"] for name in etcd.SECURITY] == [True, True]
    assert (settings["log-level"], settings["election-timeout"], settings["backend-batch-interval"]) == ("info", 5000, 100_000_000)
    assert "quota-backend-bytes" not in settings
    assert etcd.command(paths) == [f"{paths.tools}/etcd", f"--config-file={paths.etcd}/config"]


def test_what_only_a_first_start_needs_stays_as_it_was_once_etcd_has_data(tmp_path: Path) -> None:
    paths = Paths(tmp_path, tmp_path / "bin", tmp_path / "data")
    configured(paths, cluster="a-1=x,b-1=y")
    (paths.etcd / "member/wal").mkdir(parents=True)
    assert configured(paths)["initial-cluster"] == "a-1=x,b-1=y"
    assert configured(paths, "election-timeout=5000")["election-timeout"] == 5000


def test_secrets_are_encrypted_by_the_founder_s_key() -> None:
    assert "--encryption-provider-config=/data/server/cred/encryption-config.json" in api()


@pytest.mark.parametrize(("users", "flags"), [
    (["a=2"], ["--a=2", "--b=1"]), (["a"], ["--a=true", "--b=1"]), (["--a=2", "a=3"], ["--a=2", "--a=3", "--b=1"]),
    (["a+=2"], ["--a=1,2", "--b=1"]), (["a-=2"], ["--a=2,1", "--b=1"]), (["c=1", "c=x=y"], ["--a=1", "--b=1", "--c=1", "--c=x=y"]),
])  # fmt: skip
def test_arguments_are_put_together_as_k3s_does(users: list[str], flags: list[str]) -> None:
    assert arguments.merged({"b": "1", "a": "1"}, users) == flags


def test_a_certificate_names_addresses_and_hosts_each_once() -> None:
    names = certificates.api_names("s1", "10.0.0.1", ["10.0.0.9", "api.lab", "10.0.0.1"], "10.43.0.0/16", "cluster.local")
    assert names.count("IP:10.0.0.1") == 1
    assert {"IP:10.43.0.1", "IP:10.0.0.9", "DNS:api.lab", "DNS:s1", "IP:127.0.0.1", "DNS:kubernetes.default.svc.cluster.local"} <= set(
        names
    )
