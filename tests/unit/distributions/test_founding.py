"""What a cluster is founded with."""

from __future__ import annotations

from typing import Any

import pytest

from stardock.distributions.founding import founding_faults, founding_keys
from stardock.distributions.founding import settings as settings_of
from stardock.distributions.rke2 import RKE2

pytestmark = [pytest.mark.unit, pytest.mark.proves("reality D23")]

KEYS = founding_keys(RKE2)


def settings(options: dict[str, Any]) -> dict[str, str]:
    return settings_of(RKE2, options)


FOUNDED = settings({})


def told(options: dict[str, Any], founded: dict[str, str] | None = None) -> list[tuple[str, str, str]]:
    return [(fault.key, fault.message, fault.cure) for fault in founding_faults(RKE2, options, FOUNDED if founded is None else founded)]


def test_the_keys_are_those_marked_equal_and_encryption_plugin_and_place() -> None:
    equal = {name for name, key in RKE2.keys.known().items() if key.equal} - {"agent-token"}
    assert set(KEYS) == equal | {"secrets-encryption", "cni", "data-dir"}
    assert set(FOUNDED) == set(KEYS)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"cluster-cidr": "10.42.0.0/16"},
        {"cluster-cidr": ["10.42.0.0/16"], "service-cidr": "10.43.0.0/16", "cluster-dns": "10.43.0.10"},
        {"cluster-domain": "cluster.local", "disable-kube-proxy": False, "egress-selector-mode": "agent"},
        {"cni": ["canal"], "secrets-encryption": True, "embedded-registry": True, "supervisor-metrics": True},
    ],
    ids=range(5),
)
def test_defaults_written_out_and_other_spellings_are_no_change(options: dict[str, Any]) -> None:
    assert told(options) == []


CHANGED: dict[str, tuple[Any, str, str]] = {
    "cluster-cidr": ("10.50.0.0/16", "10.42.0.0/16", "10.50.0.0/16"),
    "service-cidr": (["10.51.0.0/16"], "10.43.0.0/16", "10.51.0.0/16"),
    "cluster-dns": ("10.43.0.11", "10.43.0.10", "10.43.0.11"),
    "cluster-domain": ("example.org", "cluster.local", "example.org"),
    "disable-cloud-controller": (True, "false", "true"),
    "disable-kube-proxy": (True, "false", "true"),
    "egress-selector-mode": ("disabled", "agent", "disabled"),
    "secrets-encryption": (False, "true", "false"),
    "cni": ("cilium", "canal", "cilium"),
    "data-dir": ("/srv/rke2", "/var/lib/rancher/rke2", "/srv/rke2"),
}


@pytest.mark.parametrize("key", KEYS)
def test_a_change_of_each_key_is_refused(key: str) -> None:
    value, has, wants = CHANGED[key]
    assert told({key: value}) == [
        (
            key,
            f"`{key}` is settled when a cluster is founded: this one has {has}, cluster.yaml wants {wants}",
            f"delete it ({has} is the default); another value needs another cluster",
        )
    ]


@pytest.mark.parametrize("key", KEYS)
def test_a_line_that_went_is_asked_for_again(key: str) -> None:
    value, default, had = CHANGED[key]
    ((_, message, cure),) = told({}, settings({key: value}))
    assert message == f"`{key}` is settled when a cluster is founded: this one has {had}, cluster.yaml wants {default}"
    assert cure == f"write `{key}: {had}` again; another value needs another cluster"


def test_dual_stack_is_settled_too_and_lists_are_written_as_lists() -> None:
    both = {"cluster-cidr": "10.42.0.0/16,FD00:42::/56", "service-cidr": ["10.43.0.0/16", "fd00:43::/112"]}
    assert told(both, settings(both)) == []
    assert [key for key, _, _ in told(both)] == ["cluster-cidr", "service-cidr"]
    assert told({}, settings(both))[0][2] == "write `cluster-cidr: [10.42.0.0/16, fd00:42::/56]` again; another value needs another cluster"


def test_what_is_not_known_is_not_held_against_anybody() -> None:
    assert told({"cni": "cilium"}, {}) == []
    assert told({"cni": "cilium"}, {"cluster-domain": "cluster.local"}) == []


@pytest.mark.parametrize("value", ["$(reboot)", "a b", "x" * 500, {"a": 1}, [[1]], "\x1b[31m"])
def test_a_value_that_is_none_is_left_out(value: Any) -> None:
    assert "cluster-domain" not in settings({"cluster-domain": value})
