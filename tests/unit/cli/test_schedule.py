"""Who may reboot when, as moments: across midnight and changes of the clock (Europe/Berlin: 2026-03-29 and 2026-10-25)."""

from __future__ import annotations

from datetime import UTC, date
from typing import Any

import pytest

from stardock.cli.schedule import Turn, turns
from tests.plans import document, plan_of

pytestmark = pytest.mark.unit

SPRING, AUTUMN, USUAL = date(2026, 3, 29), date(2026, 10, 25), date(2026, 11, 18)


def on(day: date, *, slot: int = 3, zone: str = "Europe/Berlin", duration: str = "1h", **kured: Any) -> dict[str, Turn]:
    data = document()
    data["maintenance"] = {"slots": [slot], "offsets": [0, 30], "duration": duration, "timezone": zone, "kured": kured}
    return {turn.machine: turn for turn in turns(plan_of(data)[0], day)}


def utc(turn: Turn) -> str:
    start, end = turn.start.astimezone(UTC), turn.end.astimezone(UTC)
    return f"{start:%d %H:%M} - {end:%d %H:%M}"


@pytest.mark.proves("feature maintenance windows")
def test_preview_tells_who_may_reboot_when_and_who_does_it() -> None:
    every = on(USUAL)
    assert {name: turn.by for name, turn in every.items()} == {
        **dict.fromkeys(("lb1", "lb2"), "itself"),
        **dict.fromkeys(("server1", "server2", "server3", "agent1"), "kured"),
    }
    assert list(every) == ["lb1", "lb2", "server1", "server2", "server3", "agent1"], "by start, then as planned"
    assert utc(every["lb1"]) == "18 02:00 - 18 03:00"
    assert utc(every["agent1"]) == "18 17:00 - 18 22:00"


def test_a_window_across_midnight_ends_on_the_next_day() -> None:
    every = on(USUAL, slot=23, zone="UTC", start="22:00", end="01:00")
    assert utc(every["lb2"]) == "18 23:30 - 19 00:30"
    assert utc(every["server1"]) == "18 22:00 - 19 01:00"


@pytest.mark.parametrize(
    ("day", "slot", "expected"),
    [
        (SPRING, 1, "29 00:00 - 29 01:00"),  # 01:00-03:00 on the clock: it jumps
        (SPRING, 2, "29 01:00 - 29 02:00"),  # 02:00 is skipped: the moment of the jump, 03:00
        (SPRING, 3, "29 01:00 - 29 02:00"),
        (AUTUMN, 2, "25 00:00 - 25 01:00"),  # 02:00 comes twice: the first
        (AUTUMN, 3, "25 02:00 - 25 03:00"),
    ],
)
def test_a_window_on_the_day_of_a_dst_change_has_its_length(day: date, slot: int, expected: str) -> None:
    assert utc(on(day, slot=slot)["lb1"]) == expected


def test_kured_stops_at_a_time_of_day_also_when_the_night_is_shorter_or_longer() -> None:
    for day, expected in ((SPRING, "28 23:00 - 29 03:00"), (AUTUMN, "24 22:00 - 25 04:00"), (USUAL, "17 23:00 - 18 04:00")):
        assert utc(on(day, slot=12, start="00:00", end="05:00")["server1"]) == expected


def test_kured_keeps_its_days_and_load_balancers_have_none() -> None:
    assert set(on(USUAL, days=["mo", "tu"])) == {"lb1", "lb2"}
    assert set(on(date(2026, 11, 16), days=["mo", "tu"])) == {"lb1", "lb2", "server1", "server2", "server3", "agent1"}
