"""Who may reboot when, on the calendar: the plan's times of day become moments, across midnight and changes of the clock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from stardock.model.host import Member
from stardock.model.machine import ROLES, Machine, Window
from stardock.model.plan import Plan
from stardock.model.settings import Kured
from stardock.plan.rules.allocated import self_rebooting

ITSELF, KURED = "itself", "kured"
#: As `date.weekday()` counts them, in kured's words.
DAYS = ("mo", "tu", "we", "th", "fr", "sa", "su")


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A machine's window on one day: `by` itself or kured. `start` and `end` are aware, in the machine's time zone."""

    machine: str
    role: str
    by: str
    start: datetime
    end: datetime


def turns(plan: Plan, day: date) -> tuple[Turn, ...]:
    """Every machine that may reboot in a window that starts on that day, by start and then as planned. kured has its days of the week."""
    windows = dict(self_rebooting({machine.name: machine for machine in plan.machines}))
    drained = plan.kured if DAYS[day.weekday()] in plan.kured.days else None
    found = [
        turn
        for role in ROLES
        for machine in plan.of_role(role)
        for turn in (_by_itself(machine, windows.get(machine.name), day) if role == "loadbalancer" else _by_kured(machine, drained, day))
    ]
    found += [turn for host in plan.hosts if host.kured for turn in _by_kured(host, drained, day)]
    return tuple(sorted(found, key=lambda turn: turn.start))


def _by_itself(machine: Machine, window: Window | None, day: date) -> Iterator[Turn]:
    """What updates itself begins at a time of day and counts minutes; `instantly` waits for no window."""
    if window is not None:
        at_once = window.strategy == "instantly"
        start = moment(day, "00:00" if at_once else window.start, ZoneInfo(machine.timezone))
        end = moment(day + timedelta(days=1), "00:00", ZoneInfo(machine.timezone)) if at_once else _plus(start, window.duration_minutes)
        yield Turn(machine=machine.name, role=machine.role, by=ITSELF, start=start, end=end)


def _by_kured(machine: Member, hours: Kured | None, day: date) -> Iterator[Turn]:
    """What kured drains: it begins and stops at times of day; a drain that has begun by then goes on."""
    if hours is not None:
        last = day if hours.start < hours.end else day + timedelta(days=1)
        start, end = (moment(on, clock, ZoneInfo(hours.timezone)) for on, clock in ((day, hours.start), (last, hours.end)))
        yield Turn(machine=machine.name, role=machine.role, by=KURED, start=start, end=end)


def moment(day: date, clock: str, zone: ZoneInfo) -> datetime:
    """That time of day on that day; of one that the clock skips, the moment when it jumps on; of one that it shows twice, the first."""
    named = datetime.combine(day, time.fromisoformat(clock), zone)
    return named.astimezone(UTC).astimezone(zone)


def _plus(moment: datetime, minutes: int) -> datetime:
    """So many minutes later, whatever the clock shows then."""
    return (moment.astimezone(UTC) + timedelta(minutes=minutes)).astimezone(moment.tzinfo)
