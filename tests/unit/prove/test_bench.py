"""What a deploy would do: nothing is only what it says itself, and a plan that is refused is no empty one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from stardock.errors import RefusedError
from stardock.prove import bench as benches
from stardock.prove.bench import Bench, FailedError
from stardock.prove.checks import edits, made
from stardock.prove.place import Place
from stardock.step import Say
from stardock.terraform.changes import MachineChange
from stardock.terraform.gate import Allowed, judge, refuse
from stardock.terraform.run import Options
from tests.unit.prove.proofs import SCOPE

pytestmark = pytest.mark.unit

Deploy = Callable[[Path, Options, Say], dict[str, float]]


def gated(_file: Path, _options: Options, say: Say) -> dict[str, float]:
    """A plan that destroys a machine which nobody named: the gate refuses before a line of it is said."""
    say("apply: plan; refuse what you did not name; apply")
    refuse(judge([MachineChange("prove-0123abcd-agent", "delete")], Allowed()))
    return {}


def asking(*lines: str) -> Deploy:
    """A plan with these lines, which the person is asked about."""

    def deploy(_file: Path, options: Options, say: Say) -> dict[str, float]:
        for line in lines:
            say(line)
        if options.confirm is None or not options.confirm("Apply this?"):
            raise RefusedError("not confirmed; nothing was changed on Proxmox")
        raise AssertionError("applied")

    return deploy


def saying(*lines: str) -> Deploy:
    """Ends well, and says this."""

    def deploy(_file: Path, _options: Options, say: Say) -> dict[str, float]:
        for line in lines:
            say(line)
        return {}

    return deploy


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """One whose deploys a test sets."""
    place = Place(tmp_path)
    place.prepare()
    data = {"image": {}, "pools": [{}, {}], "ssh": {"keys": []}}
    return Bench(place, SCOPE, data, None, lambda _line: None)  # type: ignore[arg-type]


@pytest.mark.parametrize("check", [made.again, edits.nothing, edits.files])
def test_a_plan_that_the_gate_refuses_is_no_empty_one(bench: Bench, monkeypatch: pytest.MonkeyPatch, check: Callable[[Bench], str]) -> None:
    monkeypatch.setattr(benches, "deploy", gated)
    with pytest.raises(FailedError, match="prove-0123abcd-agent would be deleted"):
        check(bench)


def test_what_would_be_done_is_what_was_shown_before_the_question(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benches, "deploy", asking("apply: plan", "  update prove-0123abcd-agent: cores 1 -> 2", "  Proxmox 9.1"))
    assert bench.planned() == ["update prove-0123abcd-agent: cores 1 -> 2"]


def test_a_question_without_a_line_that_is_known_is_something_still(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benches, "deploy", asking("  of a new kind"))
    assert bench.planned()


def test_nothing_is_what_a_deploy_said_is_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benches, "deploy", saying("  nothing to change"))
    assert bench.planned() == []
    monkeypatch.setattr(benches, "deploy", saying("apply: plan"))
    with pytest.raises(FailedError, match="did not say"):
        bench.planned()
