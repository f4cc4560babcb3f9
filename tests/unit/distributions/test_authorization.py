"""Options that let anybody in, or shut everybody out."""

from __future__ import annotations

from typing import Any

import pytest

from stardock.distributions.option_rules import option_faults
from stardock.distributions.rke2 import RKE2

pytestmark = pytest.mark.unit


def told(option: str, *arguments: Any) -> list[tuple[int | None, str, str]]:
    faults = list(option_faults(RKE2, {option: list(arguments)}, RKE2.default_version))
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
        ("kube-apiserver-arg", "authorization-mode", "`true` is no mode of authorization"),
        ("kube-apiserver-arg", "authorization-mode=Node, RBAC", "` RBAC` is no mode of authorization"),
        ("kube-apiserver-arg", "authorization-mode=Node,Rbac", "`Rbac` is no mode of authorization"),
        ("kube-apiserver-arg", "authorization-mode=Node,RBAC,Node", "`Node` is there twice"),
        ("kube-apiserver-arg", "authorization-mode+=RBAC", "`RBAC` is there twice"),
        ("kube-apiserver-arg", "authorization-mode=Node,RBAC,Webhook", "`Webhook` asks for `authorization-webhook-config-file`"),
        ("kube-apiserver-arg", "authorization-mode+=ABAC", "`ABAC` asks for `authorization-policy-file`"),
        ("kube-apiserver-arg", "authorization-webhook-config-file=/etc/hook.yaml", "is for the mode Webhook, which is not there"),
        ("kube-apiserver-arg", "authorization-policy-file=/etc/policy", "is for the mode ABAC, which is not there"),
        ("kube-apiserver-arg", "insecure-port=8080", "has no argument `insecure-port` any more"),
        ("kube-apiserver-arg", "insecure-bind-address=0.0.0.0", "has no argument `insecure-bind-address` any more"),
        ("kubelet-arg", "authorization-mode=AlwaysAllow", "allows everybody what the API server would refuse"),
        ("kubelet-arg", "anonymous-auth=true", "takes requests of anybody"),
        ("kubelet-arg", "anonymous-auth", "takes requests of anybody"),
        ("kubelet-arg", "read-only-port=10255", "tells anybody what it runs"),
        ("etcd-arg", "client-cert-auth=false", "has no effect"),
        ("etcd-arg", "peer-client-cert-auth=false", "has no effect"),
        ("etcd-arg", "client-transport-security={client-cert-auth: false}", "RKE2 gives etcd itself"),
        ("etcd-arg", "force-new-cluster=true", "throws the other servers out of the cluster"),
        ("etcd-arg", "initial-cluster=a=https://10.0.0.1:2380", "RKE2 gives etcd itself"),
        ("etcd-arg", "listen-client-http-urls=HTTP://10.0.0.1:2382", "is etcd without TLS"),
        ("etcd-arg", "listen-peer-urls=http://127.0.0.1.example.com:2380", "is etcd without TLS"),
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
        ("kube-apiserver-arg", "authentication-config=/etc/mine.yaml"),
        ("kube-apiserver-arg", "authorization-config=/etc/mine.yaml"),
        ("kubelet-arg", "authorization-mode=Webhook"),
        ("kubelet-arg", "anonymous-auth=false"),
        ("kubelet-arg", "read-only-port=0"),
        ("etcd-arg", "client-cert-auth=true"),
        ("etcd-arg", "force-new-cluster=false"),
        ("etcd-arg", "quota-backend-bytes=8589934592"),
        ("etcd-arg", "listen-client-urls=https://10.0.0.1:2379,http://127.0.0.1:2382"),
    ],
)
def test_what_asks_as_rke2_does_is_taken(option: str, argument: str) -> None:
    assert told(option, argument) == []


HOOK = "authorization-webhook-config-file=/etc/hook.yaml"


@pytest.mark.parametrize(
    "arguments",
    [
        ("authorization-mode=Node,RBAC,Webhook", HOOK),
        (HOOK, "authorization-mode+=Webhook"),
        ("authorization-mode-=Webhook", HOOK),
        ("authorization-mode=Node", "authorization-mode=RBAC"),
        ("authorization-config=/etc/mine.yaml", "v=2"),
    ],
)
def test_modes_that_the_api_server_puts_together_are_taken(arguments: tuple[str, ...]) -> None:
    assert told("kube-apiserver-arg", *arguments) == []


@pytest.mark.parametrize("beside", ["authorization-mode=Node,RBAC", HOOK, "authorization-webhook-version=v1"])
def test_a_file_of_authorization_excludes_the_arguments_that_it_replaces(beside: str) -> None:
    ((item, message, cure),) = told("kube-apiserver-arg", "authorization-config=/etc/mine.yaml", beside)
    assert item == 1
    assert message == f"`{beside.partition('=')[0]}` beside `authorization-config` ends the API server: they exclude each other"
    assert cure == "write it into that file, or delete one of the two"


def test_the_cure_of_a_mode_is_taken_when_it_is_obeyed() -> None:
    ((_, _, cure),) = told("kube-apiserver-arg", "authorization-mode=Node,RBAC,Webhook")
    assert cure == "add authorization-webhook-config-file=/PATH/FILE, of a file on every server, or delete the mode"


def test_an_argument_of_kubelet_without_a_value_swallows_the_next_one() -> None:
    ((item, message, cure),) = told("kubelet-arg", "v=2", "allow-privileged", "max-pods=200")
    assert item == 1
    assert message == "RKE2 takes what follows `allow-privileged`, which has no `=`, for its value, and drops it: `max-pods=200`"
    assert cure == "write allow-privileged=true"
    assert told("kubelet-arg", "config", "/etc/kubelet.yaml") == []
    assert told("kubelet-arg", "v=2", "allow-privileged") == []
