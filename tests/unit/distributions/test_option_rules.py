"""Options that end a kubelet, an API server or RKE2 itself, or undo what Stardock writes."""

from __future__ import annotations

from typing import Any

import pytest

from stardock.distributions.node_labels import clashing_taints, is_label_key, is_label_value, managed_label, taint_of
from stardock.distributions.option_rules import option_faults
from stardock.distributions.rke2 import RKE2

pytestmark = pytest.mark.unit

OPENED = "which /livez and /readyz need"


def told(options: dict[str, Any], version: str = RKE2.default_version) -> list[tuple[str, int | None, str, str]]:
    return [(fault.key, fault.item, fault.message, fault.cure) for fault in option_faults(RKE2, options, version)]


def one(key: str, value: Any) -> tuple[int | None, str, str]:
    ((found, item, message, cure),) = told({key: value})
    assert found == key
    return item, message, cure


@pytest.mark.proves("reality D20")
def test_anonymous_auth_is_refused_beside_stardocks_file_and_beside_ones_own() -> None:
    message = f"`anonymous-auth` ends the API server beside a file that says who is anonymous, {OPENED}"
    cure = "delete it: anonymous requests get these two paths and nothing else"
    for argument in ("anonymous-auth=true", "--anonymous-auth=false", "anonymous-auth"):
        assert one("kube-apiserver-arg", ["v=2", argument]) == (1, message, cure)
    assert told({"kube-apiserver-arg": ["authentication-config=/etc/mine.yaml", "anonymous-auth=true"]})[0][2] == message


@pytest.mark.proves("reality D20")
def test_oidc_beside_a_file_of_ones_own_is_refused() -> None:
    arguments = ["authentication-config=/etc/mine.yaml", "oidc-issuer-url=https://id.example.org"]
    assert one("kube-apiserver-arg", arguments) == (
        1,
        "`oidc-issuer-url` beside `authentication-config` ends the API server: they exclude each other",
        "write it as `jwt:` into that file",
    )


OIDC = ["oidc-issuer-url=https://id.example.org", "oidc-client-id=kubernetes"]


@pytest.mark.proves("reality D20")
@pytest.mark.parametrize(
    ("argument", "message", "cure"),
    [
        ("oidc-ca-file=/etc/ca.pem", "`oidc-ca-file` cannot go into the file", "`authentication-config=FILE`, with `jwt:` for the issuer"),
        ("oidc-signing-algs=RS256", "which takes all asymmetric algorithms", "and `anonymous:` for /livez and /readyz"),
        ("oidc-user-claim=mail", "the API server has no argument `oidc-user-claim`, and ends on it", "oidc-username-claim"),
        ("oidc-required-claim=hd", "`hd` requires nothing: the API server ends", "oidc-required-claim=CLAIM=VALUE"),
    ],
)
def test_oidc_that_cannot_be_rendered_is_refused_with_words(argument: str, message: str, cure: str) -> None:
    item, said, way = one("kube-apiserver-arg", [*OIDC, argument])
    assert item == 2
    assert message in said
    assert cure in way


@pytest.mark.proves("reality D20")
def test_half_of_oidc_and_an_issuer_without_https_are_refused() -> None:
    assert one("kube-apiserver-arg", OIDC[0]) == (
        None,
        "`oidc-client-id` is missing beside the other oidc-*: the API server ends",
        "add oidc-client-id=...",
    )
    assert one("kube-apiserver-arg", ["oidc-issuer-url=http://id.example.org", OIDC[1]])[1:] == (
        "`http://id.example.org` is no issuer: the API server takes https only, and ends",
        "write oidc-issuer-url=https://HOST/PATH",
    )
    assert told({"kube-apiserver-arg": OIDC}) == []


@pytest.mark.proves("reality D20")
@pytest.mark.parametrize("gate", ["StructuredAuthenticationConfiguration", "AnonymousAuthConfigurableEndpoints"])
def test_feature_gates_that_the_file_needs_are_not_switched_off(gate: str) -> None:
    item, message, cure = one("kube-apiserver-arg", ["v=2", f"feature-gates=SomeOther=true,{gate}=false"])
    assert (item, cure) == (1, f"delete `{gate}=false`")
    assert message == f"without {gate} the API server ends on the file that opens /livez and /readyz to health checks"
    assert told({"kube-apiserver-arg": f"feature-gates={gate}=true"}) == []


TAKES_THE_PLACE = {
    ("kube-apiserver-arg", "advertise-address=192.0.2.1"): "it differs by machine",
    ("kube-apiserver-arg", "etcd-servers=https://192.0.2.1:2379"): "RKE2's own etcd",
    ("kube-apiserver-arg", "secure-port=7443"): "port 6443",
    ("kube-apiserver-arg", "service-cluster-ip-range=10.60.0.0/16"): "write `service-cidr`",
    ("kube-apiserver-arg", "service-node-port-range=80-90"): "write `service-node-port-range`",
    ("kube-controller-manager-arg", "cluster-cidr=10.60.0.0/16"): "write `cluster-cidr`",
    ("kube-controller-manager-arg", "service-cluster-ip-range=10.60.0.0/16"): "write `service-cidr`",
    ("kubelet-arg", "hostname-override=other"): "`hostname:` of a machine",
    ("kubelet-arg", "node-ip=192.0.2.1"): "it differs by machine",
    ("kubelet-arg", "--node-labels=disk=ssd"): "write `labels:` on the pool",
    ("kubelet-arg", "node-labels+=disk=ssd"): "write `labels:` on the pool",
    ("kubelet-arg", "register-with-taints=a=b:NoSchedule"): "write `taints:` on the pool",
}


@pytest.mark.parametrize(("option", "argument"), TAKES_THE_PLACE)
def test_an_argument_that_would_take_the_place_of_what_stardock_writes_is_refused(option: str, argument: str) -> None:
    item, message, cure = one(option, ["v=2", argument])
    assert item == 1
    assert message.endswith("itself, from what cluster.yaml says: this one would take its place")
    assert TAKES_THE_PLACE[option, argument] in cure


@pytest.mark.proves("reality D21")
def test_a_label_that_ends_a_kubelet_is_named_wherever_it_comes_from() -> None:
    arguments = ["node-labels=disk=ssd,node-role.kubernetes.io/worker=true,example.k8s.io/a=b"]
    assert one("kubelet-arg", arguments)[1:] == (
        "a kubelet ends on a label that it may not give itself: node-role.kubernetes.io/worker, example.k8s.io/a",
        "write `labels:` on the pool, or `node-label` under distribution.options",
    )


@pytest.mark.proves("reality D21")
@pytest.mark.parametrize("role", ["control-plane", "etcd", "master"])
def test_roles_that_are_rke2s_to_give_are_refused(role: str) -> None:
    key = f"node-role.kubernetes.io/{role}"
    assert one("node-label", ["disk=ssd", f"{key}=true"]) == (
        1,
        f"RKE2 gives `{key}` to its servers itself, and takes a node that bears it for one of them",
        "delete it; a role of your own is for example node-role.kubernetes.io/worker",
    )


@pytest.mark.proves("reality D21")
def test_labels_that_a_kubelet_may_not_set_itself_are_taken_since_they_go_through_the_api() -> None:
    assert told({"node-label": ["node-role.kubernetes.io/worker=true", "kubernetes.io/role=worker"]}) == []
    assert managed_label("RKE2", "node-role.kubernetes.io/worker") is None


@pytest.mark.proves("reality D21")
@pytest.mark.parametrize("text", ["disk", "=ssd", "a b=c", "disk=a b", "-a=b", "UPPER/a=b", "a..b/c=d", f"{'a' * 64}=b", "a=" + "b" * 64])
def test_what_is_no_label_ends_a_kubelet_and_is_refused(text: str) -> None:
    assert one("node-label", [text]) == (0, f"`{text}` is not a label of Kubernetes", "write KEY=VALUE, for example disk=ssd")


@pytest.mark.proves("reality D21")
def test_two_values_of_one_label_are_refused() -> None:
    assert one("node-label", ["disk=ssd", "disk=hdd"]) == (1, "`disk` is here twice, as ssd and as hdd", "keep one")


@pytest.mark.proves("reality D21")
@pytest.mark.parametrize(
    "text", ["gpu", "gpu=only", "gpu=only:Never", "gpu=only:NoSchedule-", "gpu=a b:NoSchedule", "=x:NoSchedule", ":NoExecute"]
)
def test_what_is_no_taint_ends_a_kubelet_and_is_refused(text: str) -> None:
    assert taint_of(text) is None
    assert one("node-taint", [text])[1] == f"`{text}` is not a taint"


@pytest.mark.proves("reality D21")
def test_keys_and_values_are_measured_as_kubernetes_measures_them() -> None:
    assert is_label_key("a" * 63)
    assert is_label_key(f"{'a' * 253}/b")
    assert not is_label_key(f"{'a' * 254}/b")
    assert not is_label_key("/b")
    assert not is_label_key("a/b/c")
    assert not is_label_key("example.org./a")
    assert is_label_key("Example_1.x")
    assert is_label_value("")
    assert not is_label_value("x\n")
    assert taint_of("example.org/gpu=only:NoExecute") == ("example.org/gpu", "only", "NoExecute")


@pytest.mark.proves("reality D21")
def test_one_taint_with_two_values_ends_a_kubelet() -> None:
    taints = ["gpu=a:NoSchedule", "gpu=a:NoExecute", "gpu=b:NoSchedule", "gpu=a:NoSchedule"]
    assert list(clashing_taints(taints)) == [("gpu=a:NoSchedule", "gpu=b:NoSchedule")]


@pytest.mark.proves("reality D25")
def test_profile_cis_excludes_what_it_needs() -> None:
    assert one_of({"profile": "cis", "protect-kernel-defaults": False}) == (
        "protect-kernel-defaults",
        "`protect-kernel-defaults: false` ends RKE2 with `profile: cis`, which needs it",
        "delete it: `profile: cis` sets it",
    )
    assert told({"profile": "cis"}) == told({"profile": "cis", "protect-kernel-defaults": True}) == []


def one_of(options: dict[str, Any]) -> tuple[str, str, str]:
    ((key, _, message, cure),) = told(options)
    return key, message, cure


@pytest.mark.parametrize("value", ["multus", ["multus"], ["canal", "cilium"], "canal,multus", ["multus", "canal", "cilium"]])
def test_network_plugins_that_end_rke2_are_refused(value: Any) -> None:
    assert "RKE2 ends, it takes one plugin, or multus and another one behind it" in one("cni", value)[1]


@pytest.mark.parametrize("value", ["canal", "none", ["multus", "canal"], "multus,cilium", ["multus,calico"]])
def test_network_plugins_that_rke2_takes(value: Any) -> None:
    assert told({"cni": value}) == []


@pytest.mark.parametrize(
    ("value", "cure"),
    [
        ("multus", "write [multus, canal]"),
        (["cilium", "multus"], "write [multus, cilium]"),
        (["cilium", "canal"], "keep one of cilium, canal"),
        ("none,canal", "keep one of none, canal"),
    ],
)
def test_the_cure_of_network_plugins_keeps_the_one_that_was_meant(value: Any, cure: str) -> None:
    assert one("cni", value)[2] == cure


def test_an_issuer_without_a_value_is_told_once() -> None:
    faults = told({"kube-apiserver-arg": ["oidc-issuer-url=", "oidc-client-id=k8s"]})
    assert [cure for _, _, _, cure in faults] == ["add oidc-issuer-url=..."]


def test_an_option_without_a_value_is_told_in_words() -> None:
    assert one("cni", None)[1:] == ("it has no value", "write one after the `:`, or delete the line")
    assert one("kube-apiserver-arg", {"anonymous-auth": False})[1].endswith('not {"anonymous-auth": false}')


def test_a_misspelt_argument_of_oidc_is_met_with_the_one_that_was_meant() -> None:
    faults = told({"kube-apiserver-arg": ["oidc-issuer=https://id.example.com"]})
    assert [cure for _, _, _, cure in faults] == ["did you mean `oidc-issuer-url`?"]


def test_a_cloud_provider_needs_its_name() -> None:
    assert one_of({"cloud-provider-config": "/etc/cloud.conf"})[2] == "add `cloud-provider-name`"
    assert told({"cloud-provider-config": "/etc/cloud.conf", "cloud-provider-name": "external"}) == []


def test_a_key_that_is_wrong_itself_is_told_once() -> None:
    assert [message for _, _, message, _ in told({"kubelet-arg": 7})] == ["`kubelet-arg` takes a list of texts, not 7"]


@pytest.mark.proves("reality D19")
@pytest.mark.parametrize(
    ("version", "cure"),
    [
        ("v1.33.1+rke2r1", "write `version: v1.33.2+rke2r1` or later"),
        ("v1.32.5+rke2r2", "write `version: v1.32.6+rke2r1` or later"),
        ("v1.31.14+rke2r1", "write `version: v1.33.2+rke2r1` or later"),
        ("v1.30.14+rke2r4", "write `version: v1.33.2+rke2r1` or later"),
    ],
)
def test_a_release_that_cannot_open_the_health_checks_is_refused(version: str, cure: str) -> None:
    message = f"{version} cannot open /livez and /readyz alone to health checks: its API server ends (rancher/rke2#8137)"
    assert told({}, version) == [("version", None, message, cure)]
    assert told({"kube-apiserver-arg": "authentication-config=/etc/mine.yaml"}, version) == []


@pytest.mark.proves("reality D19")
@pytest.mark.parametrize("version", ["v1.32.6+rke2r1", "v1.33.2-rc1+rke2r1", "v1.33.2+rke2r1", "v1.34.0+rke2r1", "v1.37.1+rke2r1"])
def test_releases_that_can(version: str) -> None:
    assert (told({}, version) == []) is (version != "v1.33.2-rc1+rke2r1")
