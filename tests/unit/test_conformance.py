"""What is kept of Kubernetes' own tests: a run that was ended, and the one that goes on with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conformance.suite import Outcome
from tests.conformance.test_conformance import after
from tests.proof import conformance
from tests.proof.conformance import Verdict

pytestmark = pytest.mark.unit

EMPTY = Verdict(
    date="2026-11-30",
    release="v1.36.5+rke2r1",
    machines="four",
    minutes=0,
    passed=0,
    failed={},
    left_out={"e": "no image"},
    unrun=tuple("abcd"),
)


def outcome(name: str, words: str = "") -> Outcome:
    return Outcome(name, not words, 1.0, words)


def test_what_had_no_outcome_waits_and_what_fails_is_kept_with_its_words() -> None:
    found = after(EMPTY, [outcome("a"), outcome("b", "timed out")], ())
    assert (found.passed, found.failed, found.unrun, found.again) == (1, {"b": "timed out"}, ("c", "d"), 0)


def test_a_run_that_goes_on_counts_who_passes_at_last_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conformance, "VERDICT", tmp_path / "verdict.json")
    conformance.save(after(EMPTY, [outcome("a"), outcome("b", "timed out"), outcome("c", "refused")], ()))
    kept = conformance.last()
    assert kept is not None
    conformance.save(after(kept, [outcome("b"), outcome("c", "refused again"), outcome("d")], set(kept.failed)))
    words = conformance.section()
    assert "**3 of 5 passed**, 1 of them only when they were run again; 0 had no turn" in words
    assert words.endswith("| c | failed | refused again |\n| e | not run | no image |\n")


def test_without_a_run_there_is_no_section(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conformance, "VERDICT", tmp_path / "none.json")
    assert conformance.section() == ""
