"""How long a machine that was started is asked for, and what is said of a drain that came to nothing: without a server."""

from __future__ import annotations

import time

import pytest

from stardock.errors import ConditionError
from stardock.playbooks.aside import Aside, Told

pytestmark = [pytest.mark.unit, pytest.mark.proves("feature machines' power")]

NOBODY = Told("", -1, (), "")


class Clock:
    """Time passes while somebody is asked, or sleeps."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        monkeypatch.setattr(time, "monotonic", lambda: self.now)
        monkeypatch.setattr(time, "sleep", self.sleep)

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def asking(monkeypatch: pytest.MonkeyPatch, clock: Clock, *told: Told) -> tuple[Aside, list[object]]:
    """One whose servers say this in turn, the last for ever, each after 4 s; and the times that they were given."""
    says, given = list(told), list[object]()

    def answer(_self: Aside, _wish: str, **further: object) -> Told:
        clock.sleep(4)
        given.append(further.get("kubernetes_ready_timeout"))
        return says.pop(0) if len(says) > 1 else says[0]

    monkeypatch.setattr(Aside, "_told", answer)
    return Aside(None, None), given  # type: ignore[arg-type]


def test_servers_are_asked_until_one_answers_since_etcd_may_have_to_come_back_first(monkeypatch: pytest.MonkeyPatch) -> None:
    one, given = asking(monkeypatch, Clock(monkeypatch), *[NOBODY] * 10, Told("server1", 0, (), ""))
    one.uncordon(300)
    assert len(given) == 11
    assert given[-1] == 300 - 10 * 9


def test_the_time_that_is_told_is_the_time_that_was_waited(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    one, _ = asking(monkeypatch, clock, NOBODY)
    with pytest.raises(ConditionError, match="did not come back within 60 s: no server answers"):
        one.uncordon(60)
    assert 160 <= clock.now < 170


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (Told("server2", 1, (), "held"), "takes pods as before: server2 says: held"),
        (Told("server2", 75, (), "held"), "its Node stays cordoned: server2 says: held"),
        (NOBODY, "is not known"),
    ],
    ids=["taken back", "not taken back", "the line broke"],
)
def test_a_drain_that_came_to_nothing_says_what_is_left_of_it(monkeypatch: pytest.MonkeyPatch, told: Told, words: str) -> None:
    one, _ = asking(monkeypatch, Clock(monkeypatch), told)
    with pytest.raises(ConditionError, match=words) as error:
        one.drain(60)
    assert ("has it take pods again" in (error.value.cure or "")) == (words != "takes pods as before: server2 says: held")
