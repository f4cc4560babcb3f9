"""Steps: shown without being run, run in order, stopped by the first error."""

from __future__ import annotations

import pytest

from stardock import step
from stardock.errors import ConditionError

pytestmark = pytest.mark.unit


def test_a_dry_run_shows_every_step_and_runs_none() -> None:
    lines: list[str] = []
    step.show([step.Step("one", "does this", lambda: pytest.fail("ran")), step.Step("three", "does that", lambda: None)], lines.append)
    assert lines == ["1. one    does this", "2. three  does that"]


def test_steps_run_in_order_and_an_error_ends_the_run() -> None:
    ran: list[str] = []

    def fail() -> None:
        raise ConditionError("no")

    steps = [step.Step("a", "", lambda: ran.append("a")), step.Step("b", "", fail), step.Step("c", "", lambda: ran.append("c"))]
    with pytest.raises(ConditionError):
        step.run(steps, lambda _line: None)
    assert ran == ["a"]
