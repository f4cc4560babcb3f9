"""Durations, hours and times of day that are nearly right, made right, as `cures` does with other values."""

from __future__ import annotations

import math
import re
from fractions import Fraction

#: Fewer may be hours.
_SURELY_MINUTES = 15
#: Minutes without a unit from which on seconds may be meant, as the Terraform provider counts.
_MAYBE_SECONDS = 180


def minutes(value: object) -> str:
    """For a duration of hours and minutes."""
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        if value < _SURELY_MINUTES:
            return f"write {value}h or {value}m, with its unit"
        seconds = f", or {max(value // 60, 1)}m if that is seconds" if value >= _MAYBE_SECONDS else ""
        return f"write {value}m{seconds}"
    text = value.strip().lower() if isinstance(value, str) else ""
    clock = re.fullmatch(r"(\d{1,2}):([0-5]\d)(?::00)?", text)
    hours = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(?:h|hr|hrs|hours?)", text)
    mins = re.fullmatch(r"(\d+)\s*(?:m|min|mins|minutes?)", text)
    secs = re.fullmatch(r"(\d+)\s*(?:s|sec|secs|seconds?)", text)
    total = int(clock[1]) * 60 + int(clock[2]) if clock else 0
    total = math.ceil(Fraction(hours[1]) * 60) if hours else int(mins[1]) if mins else math.ceil(int(secs[1]) / 60) if secs else total
    return f"write {spelled(total)}" if total else "write for example 1h, 90m or 1h30m"


def window(text: str) -> tuple[int, int | None] | None:
    """The hour at which a window begins, and its length in minutes where its end is told: `02:00-04:00` -> 2 and 120."""
    found = re.fullmatch(r"([01]?\d|2[0-3])(?::00)?h?(?:\s*-\s*([01]?\d|2[0-4])(?::([0-5]\d))?h?)?", text.strip())
    if not found:
        return None
    ends = None if found[2] is None else (int(found[2]) * 60 + int(found[3] or 0) - int(found[1]) * 60) % (24 * 60)
    return int(found[1]), ends or None


def slots(value: object) -> str | None:
    """For the hours of windows where one stands, perhaps with its end."""
    found = window(str(value))
    if found is None:
        return None
    return f"write [{found[0]}]" + (f", and beside it `duration: {spelled(found[1])}`" if found[1] else "")


def spelled(total: int) -> str:
    """Minutes as a duration: 150 -> 2h30m."""
    return (f"{total // 60}h" if total >= 60 else "") + (f"{total % 60}m" if total % 60 else "")  # noqa: PLR2004  minutes of an hour


def clock(value: object) -> str:
    """For a time of day."""
    found = re.fullmatch(r"(\d{1,2})(?:[:.h]?([0-5]\d))?(?::\d\d)?\s*(am|pm|h)?", str(value).strip().lower())
    hour = (int(found[1]) % 12 + (12 if found[3] == "pm" else 0) if found[3] in {"am", "pm"} else int(found[1])) if found else 24
    return f'write "{hour:02}:{found[2] or "00"}"' if found and hour < 24 else 'write for example "18:00"'  # noqa: PLR2004  hours of a day
