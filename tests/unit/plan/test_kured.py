"""kured's hours: the origin's where nothing exists against them, and never silently together with a load balancer's window."""

from __future__ import annotations

from typing import Any

import pytest

from stardock.errors import InputErrors
from stardock.model.plan import Plan
from tests.plans import document, plan_of, spec_of

pytestmark = pytest.mark.unit


def planned(*, slots: list[int], balancers: int = 2, duration: str = "1h", strategy: str = "maint-window", **kured: Any) -> Plan:
    data = document()
    data["pools"][0]["count"] = balancers
    data["maintenance"] = {"slots": slots, "offsets": [0, 30], "duration": duration, "strategy": strategy, "kured": kured}
    return plan_of(data)[0]


def hours(plan: Plan) -> tuple[str, str]:
    return plan.kured.start, plan.kured.end


def warned(plan: Plan) -> list[str]:
    return [warning for warning in plan.warnings if "kured" in warning]


def test_kured_hours_are_18_to_23_utc_on_all_days_every_hour() -> None:
    plan = planned(slots=[3])
    assert hours(plan) == ("18:00", "23:00")
    assert (plan.kured.timezone, plan.kured.period_minutes) == ("UTC", 60)
    assert plan.kured.days == ("mo", "tu", "we", "th", "fr", "sa", "su")
    assert warned(plan) == []


@pytest.mark.parametrize(
    ("slots", "duration", "start"),
    [([16], "1h", "18:00"), ([17], "1h", "18:30"), ([18], "1h30m", "20:00"), ([20], "1h", "21:30"), ([23], "24h", "18:00")],
    ids=["ended before", "reaches in", "starts with it", "in the middle", "all day: nothing is left"],
)
def test_kured_begins_when_the_last_load_balancers_window_has_ended(slots: list[int], duration: str, start: str) -> None:
    plan = planned(slots=slots, duration=duration)
    assert hours(plan) == (start, "23:00")
    assert bool(warned(plan)) == (duration == "24h")


def test_hours_of_kured_that_meet_a_load_balancers_window_are_a_warning_that_names_both() -> None:
    (warning,) = warned(planned(slots=[17], start="17:15", end="17:30"))
    assert "lb1 may reboot itself 17:00-18:00, while kured drains machines 17:15-17:30" in warning
    assert "maintenance.kured.start" in warning


@pytest.mark.parametrize(
    ("slot", "start", "end", "meet"),
    [(0, "22:00", "00:30", True), (23, "00:15", "02:00", True), (2, "22:00", "01:00", False), (21, "22:30", "01:00", False)],
)
def test_hours_and_windows_meet_across_midnight(slot: int, start: str, end: str, meet: bool) -> None:
    assert bool(warned(planned(slots=[slot], start=start, end=end))) == meet


def test_load_balancers_that_wait_for_no_window_always_meet_kured_and_those_that_never_reboot_never_do() -> None:
    (warning,) = warned(planned(slots=[3], balancers=1, strategy="instantly"))
    assert "at any time" in warning
    assert warned(planned(slots=[19], strategy="off")) == []


def test_windows_of_kubernetes_machines_are_no_matter_of_kureds_hours() -> None:
    data = document("single")
    data["maintenance"] = {"slots": [19], "offsets": [0]}
    plan = plan_of(data)[0]
    assert (hours(plan), warned(plan)) == (("18:00", "23:00"), [])


@pytest.mark.parametrize("wrong", [{"start": "24:00"}, {"end": "7:00"}, {"days": []}, {"days": ["mon"]}, {"period": "banana"}])
def test_kured_hours_that_are_none_are_refused(wrong: dict[str, Any]) -> None:
    data = document()
    data["maintenance"]["kured"] = wrong
    with pytest.raises((InputErrors, ValueError)):
        spec_of(data)
