from __future__ import annotations

from pathlib import Path

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
    command = etcd.command(PATHS, "a-1", "10.0.0.1", cluster="x", state="new", extra=["election-timeout=5000"])
    assert "--election-timeout=5000" in command
    assert "--election-timeout=2000" not in command


def test_a_file_of_authorization_takes_the_place_of_the_modes() -> None:
    assert "--authorization-mode=Node,RBAC" in api()
    assert not [flag for flag in api("authorization-config=/etc/x.yaml") if "authorization-mode" in flag]


def test_etcd_has_its_arguments_from_the_top_of_its_file_and_asks_for_certificates_whatever_they_say() -> None:
    extra = ["client-cert-auth=false", "--peer-client-cert-auth=false", "trusted-ca-file=/x", "---log-level=info", "quota-backend-bytes"]
    command = etcd.command(PATHS, "a-1", "10.0.0.1", cluster="x", state="new", extra=extra)
    assert {"--client-cert-auth=true", "--peer-client-cert-auth=true", "--log-level=info"} <= set(command)
    assert not [flag for flag in command if flag.endswith(("=/x", "=false")) or "quota" in flag]


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
