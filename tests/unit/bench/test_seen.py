"""What the bench of outages makes of the questions that it put."""

from __future__ import annotations

import pytest

from bench.prober import Probe
from bench.seen import Seen, seen

pytestmark = pytest.mark.unit


def asked(answers: str, every: float = 0.01, seconds: float = 0.004) -> list[Probe]:
    """A question each 10 ms: `+` is answered, `-` is not."""
    return [(100 + number * every, seconds, answer == "+") for number, answer in enumerate(answers)]


def rounded(what: Seen) -> tuple[float, float, int]:
    return round(what.outage, 3), round(what.whole, 3), what.failed


def test_without_a_failed_question_there_was_no_outage() -> None:
    assert seen(asked("+++++")) == Seen(0.0, 0.0, 5, 0, 0.004)


def test_an_outage_is_from_the_first_question_without_an_answer_to_the_next_one_with() -> None:
    assert rounded(seen(asked("++----+++"))) == (0.04, 0.04, 4)


def test_where_one_server_of_three_is_dead_the_whole_is_longer_than_any_silence() -> None:
    assert rounded(seen(asked("+-++--+-++"))) == (0.02, 0.07, 4)


def test_an_answer_that_nobody_waited_for_is_none_but_is_the_slowest() -> None:
    late = [*asked("++"), (100.02, 0.8, True), (100.03, 0.004, True)]
    assert rounded(seen(late)) == (0.01, 0.01, 1)
    assert seen(late).slowest == 0.8
    assert seen(late, patience=1).failed == 0


def test_an_outage_that_has_not_ended_counts_to_the_end() -> None:
    assert rounded(seen(asked("+--", seconds=3.0), patience=5)) == (3.01, 3.01, 2)


def test_an_outage_is_over_when_a_whole_second_was_answered() -> None:
    assert not seen(asked("+-" + "+" * 90)).over
    assert seen(asked("+-" + "+" * 110)).over
