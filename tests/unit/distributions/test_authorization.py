"""Options that let anybody in, or shut everybody out."""

from __future__ import annotations

from typing import Any

import pytest

from stardock.distributions.option_rules import option_faults
from stardock.spec.distribution import DEFAULT_VERSION

pytestmark = pytest.mark.unit


def told(option: str, *arguments: Any) -> list[tuple[int | None, str, str]]:
    faults = list(option_faults({option: list(arguments)}, DEFAULT_VERSION))
    assert {fault.key for fault in faults} <= {option}
    return [(fault.item, fault.message, fault.cure) for fault in faults]


@pytest.mark.parametrize("argument", ["authentication-config", "authentication-config=", "--authentication-config", "authorization-config"])
def test_a_file_of_ones_own_that_is_not_named_is_refused(argument: str) -> None:
    ((item, message, cure),) = told("kube-apiserver-arg", "v=2", argument)
    name = argument.strip("-=")
    assert (item, message) == (1, f"`{name}` names no file: RKE2 ends, or the API server does")
    assert cure == f"write {name}=/PATH/FILE, of a file on every server, or delete it"


def test_a_file_of_ones_own_without_its_whole_path_is_refused() -> None:
    ((_, message, _),) = told("kube-apiserver-arg", "authentication-config=mine.yaml")
    assert message.startswith("`mine.yaml` is no absolute path of a file")


@pytest.mark.parametrize(
    ("option", "argument", "words"),
    [
        ("kube-apiserver-arg", "authorization-mode=AlwaysAllow", "everybody who reaches the API may do everything"),
        ("kube-apiserver-arg", "--authorization-mode=Node,RBAC,AlwaysAllow", "everybody who reaches the API may do everything"),
        ("kube-apiserver-arg", "authorization-mode+=AlwaysAllow", "everybody who reaches the API may do everything"),
        ("kube-apiserver-arg", "authorization-mode=AlwaysDeny,Node,RBAC", "nobody may do anything"),
        ("kube-apiserver-arg", "authorization-mode=RBAC", "without Node no node joins"),
        ("kube-apiserver-arg", "authorization-mode", "without Node and RBAC no node joins"),
        ("kube-apiserver-arg", "insecure-port=8080", "has no argument `insecure-port` any more"),
        ("kube-apiserver-arg", "insecure-bind-address=0.0.0.0", "has no argument `insecure-bind-address` any more"),
        ("kubelet-arg", "authorization-mode=AlwaysAllow", "allows everybody what the API server would refuse"),
        ("kubelet-arg", "anonymous-auth=true", "takes requests of anybody"),
        ("kubelet-arg", "anonymous-auth", "takes requests of anybody"),
        ("kubelet-arg", "read-only-port=10255", "tells anybody what it runs"),
        ("etcd-arg", "client-cert-auth=false", "gives the whole cluster to whoever reaches it"),
        ("etcd-arg", "peer-client-cert-auth=false", "gives the whole cluster to whoever reaches it"),
        ("etcd-arg", "listen-client-urls=https://10.0.0.1:2379,http://0.0.0.0:2379", "`http://0.0.0.0:2379` is etcd without TLS"),
    ],
)
def test_what_lets_anybody_in_or_shuts_everybody_out_is_refused_with_its_line(option: str, argument: str, words: str) -> None:
    ((item, message, cure),) = told(option, "v=2" if option != "etcd-arg" else "log-level=info", argument)
    assert item == 1
    assert words in message
    assert cure


@pytest.mark.parametrize(
    ("option", "argument"),
    [
        ("kube-apiserver-arg", "authorization-mode=Node,RBAC"),
        ("kube-apiserver-arg", "authorization-mode=Node,RBAC,Webhook"),
        ("kube-apiserver-arg", "authorization-mode+=Webhook"),
        ("kube-apiserver-arg", "authorization-mode-=Webhook"),
        ("kube-apiserver-arg", "authentication-config=/etc/mine.yaml"),
        ("kube-apiserver-arg", "authorization-config=/etc/mine.yaml"),
        ("kubelet-arg", "authorization-mode=Webhook"),
        ("kubelet-arg", "anonymous-auth=false"),
        ("kubelet-arg", "read-only-port=0"),
        ("etcd-arg", "client-cert-auth=true"),
        ("etcd-arg", "client-cert-auth"),
        ("etcd-arg", "listen-client-urls=https://10.0.0.1:2379,http://127.0.0.1:2382"),
    ],
)
def test_what_asks_as_rke2_does_is_taken(option: str, argument: str) -> None:
    assert told(option, argument) == []
