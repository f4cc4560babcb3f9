"""When machines may reboot themselves: slots x offsets, handed out in order within a role."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from stardock.model.machine import Strategy, Window

DAY = 24 * 60
#: Two machines whose windows start closer than a boot may be down together. rebootmgr waits the same delay inside a window on
#: every machine (its `rand()` is never seeded), so the distance of the starts is the distance of the reboots.
BOOT_MINUTES = 15


def windows(slots: Sequence[int], offsets: Sequence[int], duration_minutes: int, strategy: Strategy = "maint-window") -> tuple[Window, ...]:
    """All windows, sorted by their start: `slots` are hours of the day, `offsets` minutes after each."""
    starts = [f"{slot:02}:{offset:02}" for slot in sorted(slots) for offset in sorted(offsets)]
    return tuple(Window(start=start, duration_minutes=duration_minutes, strategy=strategy) for start in starts)


def window_of(ordinal: int, every: Sequence[Window]) -> Window | None:
    """The window of a role's `ordinal`th machine (from 0); they wrap. None when there are none."""
    return every[ordinal % len(every)] if every else None


def end(window: Window) -> str:
    """When a window ends, HH:MM; past midnight with the days that passed: `00:45 +1`."""
    minutes = start_minute(window) + window.duration_minutes
    return clock(minutes) + (f" +{minutes // DAY}" if minutes >= DAY else "")


def start_minute(window: Window) -> int:
    """The start as minutes after midnight."""
    return minute_of(window.start)


def minute_of(time: str) -> int:
    """HH:MM as minutes after midnight."""
    hours, minutes = time.split(":")
    return int(hours) * 60 + int(minutes)


def clock(minutes: int) -> str:
    """Minutes after some midnight as HH:MM."""
    return f"{minutes % DAY // 60:02}:{minutes % 60:02}"


def equal_starts(starts: Iterable[tuple[str, Window]]) -> list[tuple[str, str, str]]:
    """(machine, machine, HH:MM) for machines that would reboot at once."""
    return [(one, other, at) for one, other, at, minutes in _neighbours(starts) if minutes == 0]


def close_starts(starts: Iterable[tuple[str, Window]]) -> list[tuple[str, str, int]]:
    """(machine, machine, minutes) for neighbours that start closer than a boot, across midnight too; equal starts are not here."""
    return [(one, other, minutes) for one, other, _, minutes in _neighbours(starts) if 0 < minutes < BOOT_MINUTES]


def _neighbours(starts: Iterable[tuple[str, Window]]) -> list[tuple[str, str, str, int]]:
    """Each machine with the next to start, around the clock: both names, the later start, the minutes between."""
    ordered = sorted((start_minute(window), name, window.start) for name, window in starts)
    if len(ordered) < 2:  # noqa: PLR2004 - a pair
        return []
    last, first = ordered[-1], ordered[0]
    around = (last[1], first[1], first[2], first[0] + DAY - last[0])
    return [*((one[1], other[1], other[2], other[0] - one[0]) for one, other in pairwise(ordered)), around]
