"""The release of Kubernetes is allocated once, into the lock."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from stardock.cli.main import runner
from stardock.distributions import DEFAULT
from stardock.errors import InputErrors
from stardock.model.lock import Lock, gains
from stardock.plan import distribution
from stardock.workspace.lock import load_lock, save_lock
from tests.plans import document, plan_of
from tests.unit.plan.clusters import cluster

pytestmark = [pytest.mark.unit, pytest.mark.proves("reality D24")]

DEFAULT_VERSION, FIRST_DEFAULT = DEFAULT.default_version, DEFAULT.unrecorded
NEWER = "v1.99.1+rke2r1"


@pytest.fixture
def newer_stardock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Stardock of next year."""
    monkeypatch.setattr(distribution, "distribution", lambda _name: replace(DEFAULT, default_version=NEWER))


def release_of(lock: Lock | None, version: str | None = None) -> tuple[str, str | None]:
    """(planned, in the lock) of a small cluster."""
    data = cluster(["pve1"], server=["s1"])
    if version:
        data["distribution"] = {"version": version}
    plan, after = plan_of(data, lock)
    return plan.distribution.version, after.distribution_version


def test_a_new_cluster_gets_todays_default_and_the_lock_keeps_it() -> None:
    assert release_of(None) == (DEFAULT_VERSION, DEFAULT_VERSION)


def test_a_newer_stardock_with_another_default_upgrades_nobody(newer_stardock: None) -> None:
    held = replace(plan_of(cluster(["pve1"], server=["s1"]))[1], distribution_version="v1.36.2+rke2r1")
    assert release_of(held) == ("v1.36.2+rke2r1", "v1.36.2+rke2r1")
    assert release_of(None) == (NEWER, NEWER)


def test_a_lock_of_before_stands_for_the_default_of_then(newer_stardock: None) -> None:
    before = replace(plan_of(cluster(["pve1"], server=["s1"]))[1], distribution_version=None)
    assert release_of(before) == (FIRST_DEFAULT, FIRST_DEFAULT)
    assert FIRST_DEFAULT == "v1.36.5+rke2r1"


def test_a_lock_without_machines_says_nothing(newer_stardock: None) -> None:
    assert release_of(Lock(cluster="test", founder=""))[0] == NEWER


def test_a_stated_version_wins_and_the_lock_keeps_what_the_cluster_began_with() -> None:
    """An edit that the guards refuse, a downgrade for one, leaves nothing behind in the lock."""
    _, first = plan_of(cluster(["pve1"], server=["s1"]))
    assert release_of(first, "v1.35.2+rke2r1") == ("v1.35.2+rke2r1", DEFAULT_VERSION)
    assert release_of(first, "v1.36.9+rke2r1") == ("v1.36.9+rke2r1", DEFAULT_VERSION)
    assert release_of(None, "v1.35.2+rke2r1") == ("v1.35.2+rke2r1", "v1.35.2+rke2r1")


def test_a_lock_of_before_takes_what_cluster_yaml_states() -> None:
    before = replace(plan_of(cluster(["pve1"], server=["s1"]))[1], distribution_version=None)
    assert release_of(before, "v1.35.2+rke2r1") == ("v1.35.2+rke2r1", "v1.35.2+rke2r1")


def test_a_frozen_lock_of_before_lacks_nothing() -> None:
    """In CI nobody may write it; the release of then is known without."""
    data = cluster(["pve1"], server=["s1"])
    before = replace(plan_of(data)[1], distribution_version=None)
    assert gains(before, plan_of(data, before)[1]) == ()


def test_options_are_held_against_the_release_of_the_lock() -> None:
    data = cluster(["pve1"], server=["s1"])
    held = replace(plan_of(data)[1], distribution_version="v1.36.1+rke2r1")
    data["distribution"] = {"options": {"helm-controller-arg": ["v=1"]}}
    with pytest.raises(InputErrors) as caught:
        plan_of(data, held)
    (problem,) = caught.value.problems
    assert problem.message == "`helm-controller-arg` came with v1.36.3+rke2r1; this is v1.36.1+rke2r1"
    assert problem.path == "distribution.options.helm-controller-arg"


def test_the_plan_shows_the_release_and_who_says_it(tmp_path: Path) -> None:
    file = tmp_path / "cluster.yaml"
    data = document("single")
    data.pop("distribution", None)
    file.write_text(json.dumps(data))

    def line() -> str:
        result = CliRunner().invoke(runner, ["plan", "-f", str(file)])
        assert result.exit_code == 0, result.stderr
        return next(line for line in result.stdout.splitlines() if line.startswith("rke2 "))

    assert line().startswith(f"rke2 {DEFAULT_VERSION} (today's default; the lock keeps it); first server server1")
    save_lock(tmp_path / "cluster.lock", plan_of(data)[1])
    assert line().startswith(f"rke2 {DEFAULT_VERSION} (kept by the lock); first server")
    held = load_lock(tmp_path / "cluster.lock")
    assert held is not None
    save_lock(tmp_path / "cluster.lock", replace(held, distribution_version="v1.36.1+rke2r1"))
    assert line().startswith(f"rke2 v1.36.1+rke2r1 (kept by the lock; new clusters get {DEFAULT_VERSION}); first server")
    file.write_text(json.dumps(data | {"distribution": {"version": "v1.36.4+rke2r1"}}))
    assert line().startswith("rke2 v1.36.4+rke2r1; first server")
