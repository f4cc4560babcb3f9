"""`distribution.options` against what RKE2 knows."""

from __future__ import annotations

from typing import Any

import pytest

from stardock.distributions.fault import Fault
from stardock.distributions.rke2 import RKE2
from tests.unit.spec.conftest import Load, Problems, example

pytestmark = pytest.mark.unit


def faults(version: str = RKE2.default_version, **options: Any) -> list[Fault]:
    return list(RKE2.keys.faults({name.replace("_", "-"): value for name, value in options.items()}, version))


def test_known_keys_of_the_right_type_pass(load: Load) -> None:
    options = "{cni: cilium, disable: [rke2-metrics-server], etcd-snapshot-retention: 9, selinux: false, write-kubeconfig-mode: 0600}"
    spec = load(example("single", ("proxmox:", f"distribution: {{options: {options}}}\nproxmox:")))
    assert spec.distribution.options["write-kubeconfig-mode"] == "0600"


@pytest.mark.proves("feature RKE2's configuration")
def test_an_unknown_option_is_refused_with_line_and_did_you_mean(problems: Problems) -> None:
    (found,) = problems(example("quickstart", ("name: rke2", "name: rke2\n  options:\n    cni: cilium\n    etcd-snapshot-retenton: 9")))
    assert (found.line, found.path) == (9, "distribution.options.etcd-snapshot-retenton")
    assert found.cure == "did you mean `etcd-snapshot-retention`?"


def test_a_key_of_k3s_is_named_as_such() -> None:
    assert "key of k3s" in faults(cluster_init=True)[0].message


@pytest.mark.parametrize("name", [name for name, key in RKE2.keys.known().items() if key.secret])
def test_no_secret_option_is_accepted(name: str) -> None:
    (found,) = RKE2.keys.faults({name: "x"}, RKE2.default_version)
    assert "is a secret" in found.message
    assert found.cure.startswith("delete it")


@pytest.mark.parametrize("name", RKE2.keys.owned)
def test_a_key_that_stardock_owns_is_refused_with_the_reason(name: str) -> None:
    (found,) = RKE2.keys.faults({name: "x"}, RKE2.default_version)
    assert RKE2.keys.owned[name] in found.message


@pytest.mark.parametrize("name", sorted({*RKE2.keys.owned, *RKE2.keys.merged}))
def test_what_stardock_owns_or_merges_is_a_key_of_rke2(name: str) -> None:
    assert name in RKE2.keys.known()


@pytest.mark.parametrize(
    ("name", "value", "right"),
    [
        ("selinux", "yes", False),
        ("selinux", True, True),
        ("etcd-snapshot-retention", "5", False),
        ("etcd-snapshot-retention", True, False),
        ("etcd-snapshot-retention", 5, True),
        ("etcd-s3-timeout", 5, False),
        ("etcd-s3-timeout", "5m0s", True),
        ("disable", [1], False),
        ("disable", {"a": 1}, False),
        ("disable", "rke2-coredns", True),
        ("cluster-domain", None, False),
        ("cluster-domain", "", False),
        ("cni", ["multus", "cilium"], True),
        ("cni", ["multus", "cilum"], False),
        ("profile", "cis", True),
        ("profile", "cis-1.23", False),
    ],
)
def test_values_have_the_type_that_rke2_reads(name: str, value: object, right: bool) -> None:
    assert (list(RKE2.keys.faults({name: value}, RKE2.default_version)) == []) is right


@pytest.mark.proves("feature RKE2's configuration")
@pytest.mark.parametrize(
    ("name", "version", "right"),
    [
        ("helm-controller-arg", "v1.36.2+rke2r1", False),
        ("helm-controller-arg", "v1.36.3+rke2r1", True),
        ("helm-controller-arg", "v1.33.13+rke2r1", False),
        ("helm-controller-arg", "v1.33.13+rke2r2", True),
        ("helm-controller-arg", "v1.37.0+rke2r1", True),
        ("helm-controller-arg", "v1.32.9+rke2r1", False),
        ("write-kubeconfig-name", "v1.36.5+rke2r1", False),
        ("write-kubeconfig-name", "v1.37.1+rke2r1", True),
    ],
)
def test_a_key_that_the_release_lacks_is_refused(name: str, version: str, right: bool) -> None:
    assert (list(RKE2.keys.faults({name: "x"}, version)) == []) is right


def test_each_role_gets_its_own_keys() -> None:
    options = {"cni": "cilium", "selinux": True, "kubelet-arg": "max-pods=200", "tls-san": ["a"]}
    assert RKE2.keys.options_for("server", options) == {
        "cni": ["cilium"],
        "selinux": True,
        "kubelet-arg": ["max-pods=200"],
        "tls-san": ["a"],
    }
    assert RKE2.keys.options_for("agent", options) == {"selinux": True, "kubelet-arg": ["max-pods=200"]}


def test_the_table_holds_what_its_readers_rely_on() -> None:
    keys = RKE2.keys.known()
    assert len(keys) == 135
    assert {key.type for key in keys.values()} == {"text", "flag", "number", "list", "duration"}
    assert {key.roles for key in keys.values()} == {"s", "sa"}
    assert [name for name, key in keys.items() if key.secret and key.type != "text"] == []
