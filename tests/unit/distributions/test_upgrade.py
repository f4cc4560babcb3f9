"""Which release a cluster may go to."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from stardock.distributions.release import release
from stardock.distributions.rke2 import RKE2
from stardock.distributions.upgrade import upgrade_fault

pytestmark = [pytest.mark.unit, pytest.mark.proves("reality D24")]

BACK = "RKE2 goes back only by restoring an etcd snapshot of the older release"


def test_releases_are_in_the_order_of_their_tags() -> None:
    tags = [
        "v1.9.0+rke2r1",
        "v1.35.10+rke2r1",
        "v1.36.5-rc1+rke2r1",
        "v1.36.5-rc2+rke2r1",
        "v1.36.5-rc2+rke2r2",
        "v1.36.5-rc10+rke2r1",
        "v1.36.5+rke2r1",
        "v1.36.5+rke2r2",
        "v1.36.5+rke2r10",
        "v1.36.10+rke2r1",
        "v1.37.0+rke2r1",
        "v2.0.0+rke2r1",
    ]
    found = [one for tag in sorted(tags) if (one := release(tag))]
    assert [str(one) for one in sorted(found)] == tags
    assert sorted(tags) != tags


@pytest.mark.parametrize(
    "text",
    [
        "",
        "v1.36.5",
        "1.36.5+rke2r1",
        "v1.36+rke2r1",
        "v1.036.5+rke2r1",
        "v1.36.5+rke2r0",
        "v1.36.5+rke2r01",
        "v1.36.5+k3s1",
        "v1.36.5+rke2r1 ",
        "v1.36.5+rke2r1\n",
        "v1.36.5-+rke2r1",
        "v1.36.5-rc..1+rke2r1",
        "v1.36.5-RC1+rke2r1",
        "v1.3\u0665.5+rke2r1",
        "v1.36.5+rke2r1; reboot",
        "v1.36.5-" + "a" * 4000 + "+rke2r1",
    ],
)
def test_what_is_no_release_is_none(text: str) -> None:
    assert RKE2.release(text) is None


def told(wanted: str, servers: Mapping[str, str], agents: Mapping[str, str] | None = None) -> tuple[str, str] | None:
    fault = upgrade_fault("RKE2", wanted, servers, agents or {})
    return (fault.message, fault.cure) if fault else None


@pytest.mark.parametrize(
    ("wanted", "runs", "names"),
    [
        ("v1.35.2+rke2r1", {"server1": "v1.36.5+rke2r1"}, "server1 runs"),
        ("v1.36.4+rke2r9", {"server1": "v1.36.5+rke2r1", "server2": "v1.36.5+rke2r1"}, "server1 and server2 run"),
        ("v1.36.5-rc1+rke2r1", {f"server{n}": "v1.36.5+rke2r1" for n in (1, 2, 3)}, "server1, server2 and server3 run"),
        ("v0.99.0+rke2r1", {"server1": "v1.36.5+rke2r1"}, "server1 runs"),
    ],
    ids=["minor", "patch", "release candidate", "major"],
)
def test_no_downgrade(wanted: str, runs: Mapping[str, str], names: str) -> None:
    assert told(wanted, runs) == (
        f"no downgrade: {names} v1.36.5+rke2r1, cluster.yaml wants {wanted}; {BACK}",
        "write `version: v1.36.5+rke2r1`, or a later release of v1.36 or v1.37",
    )


def test_no_downgrade_of_rke2s_own_revision() -> None:
    assert told("v1.36.5+rke2r1", {"server1": "v1.36.5+rke2r2"}) == (
        f"no downgrade: server1 runs v1.36.5+rke2r2, cluster.yaml wants v1.36.5+rke2r1; {BACK}",
        "write `version: v1.36.5+rke2r2`, or a later release of v1.36 or v1.37",
    )


def test_no_minor_is_skipped_and_the_steps_are_named() -> None:
    assert told("v1.36.5+rke2r1", {"server1": "v1.33.9+rke2r1"}) == (
        "no minor may be skipped: server1 runs v1.33.9+rke2r1, cluster.yaml wants v1.36.5+rke2r1",
        "go step by step, a bootstrap each: the newest release of v1.34, then the newest release of v1.35, then v1.36.5+rke2r1",
    )


@pytest.mark.parametrize("wanted", ["v1.36.5+rke2r1", "v1.36.5+rke2r2", "v1.36.9+rke2r1", "v1.37.0-rc1+rke2r1", "v1.37.1+rke2r1"])
def test_a_patch_or_the_next_minor_is_taken(wanted: str) -> None:
    assert told(wanted, {"server1": "v1.36.5+rke2r1"}, {"agent1": "v1.36.5+rke2r1"}) is None


HALF = {"server1": "v1.36.5+rke2r1", "server2": "v1.35.2+rke2r1", "server3": "v1.35.2+rke2r1"}


def test_a_half_finished_upgrade_goes_on() -> None:
    assert told("v1.36.5+rke2r1", HALF, {"agent1": "v1.35.2+rke2r1"}) is None


def test_a_half_finished_upgrade_does_not_go_back() -> None:
    message, cure = told("v1.35.2+rke2r1", HALF) or ("", "")
    assert message.startswith("no downgrade: server1 runs v1.36.5+rke2r1, cluster.yaml wants v1.35.2+rke2r1")
    assert cure == "write `version: v1.36.5+rke2r1`, or a later release of v1.36 or v1.37"


def test_a_half_finished_upgrade_is_finished_before_the_next_minor() -> None:
    assert told("v1.37.1+rke2r1", HALF) == (
        "no minor may be skipped: server2 and server3 run v1.35.2+rke2r1, cluster.yaml wants v1.37.1+rke2r1",
        "finish the upgrade that was begun: write `version: v1.36.5+rke2r1`, run `runner bootstrap`, then go on",
    )


def test_agents_are_not_newer_than_servers() -> None:
    assert told("v1.36.5+rke2r1", {"server1": "v1.36.5+rke2r1"}, {"agent1": "v1.36.6+rke2r1"}) == (
        f"no downgrade: agent1 runs v1.36.6+rke2r1, cluster.yaml wants v1.36.5+rke2r1; {BACK}",
        "write `version: v1.36.6+rke2r1`, or a later release of v1.36 or v1.37",
    )


def test_agents_that_were_left_behind_may_be_three_minors_older_and_no_more() -> None:
    servers = {"server1": "v1.36.5+rke2r1"}
    assert told("v1.37.0+rke2r1", servers, {"agent1": "v1.34.1+rke2r1"}) is None
    assert told("v1.37.0+rke2r1", servers, {"agent1": "v1.33.1+rke2r1"}) == (
        "agent1 runs v1.33.1+rke2r1, and a kubelet may be 3 minors older than v1.37.0+rke2r1, no more",
        "write a release of v1.36 first, and run `runner bootstrap`",
    )


def test_an_agent_that_was_silent_for_long_does_not_hold_servers_back_that_are_there_already() -> None:
    """No release would be right for both: it is drained, and becomes what its servers are."""
    servers = {"server1": "v1.36.5+rke2r1", "server2": "v1.36.4+rke2r1"}
    assert told("v1.36.5+rke2r1", servers, {"agent1": "v1.32.1+rke2r1"}) is None


def test_where_nothing_runs_any_release_is_taken() -> None:
    assert told("v1.30.1+rke2r1", {}) is None
    assert told("v1.30.1+rke2r1", {"server1": ""}, {"agent1": "garbage"}) is None
