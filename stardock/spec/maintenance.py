"""`maintenance`: when machines that update themselves may reboot."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from stardock.spec.section import Section, broken
from stardock.spec.units import Count, Minutes, shown


def parse_slot(value: int) -> int:
    """An hour of the day."""
    if not 0 <= value <= 23:  # noqa: PLR2004  hours
        raise broken(f"slot {value} is not an hour of the day: 0 to 23", "write for example [17, 18]")
    return value


def parse_offset(value: int) -> int:
    """A minute of the hour."""
    if not 0 <= value <= 59:  # noqa: PLR2004  minutes
        raise broken(f"offset {value} is not a minute of the hour: 0 to 59", "write for example [0, 15, 30, 45]")
    return value


def once_each(value: tuple[int, ...]) -> tuple[int, ...]:
    """No number twice: two machines would get the same window."""
    twice = sorted({number for number in value if value.count(number) > 1})
    if twice:
        raise broken(f"{', '.join(map(str, twice))} stands there twice", "delete one")
    return value


def parse_timezone(value: object) -> str:
    """A name of the IANA time zone database; checked where this machine has it."""
    if value == "UTC":
        return "UTC"
    from zoneinfo import ZoneInfo, available_timezones  # noqa: PLC0415  walking the database is slow, and rarely needed

    try:
        return ZoneInfo(value if isinstance(value, str) else "").key
    except (ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError
        pass
    except KeyError:
        if isinstance(value, str) and value and not available_timezones():
            return value
    raise broken(f"{shown(value)} is not a time zone", "write UTC, or a name such as Europe/Berlin")


Slot = Annotated[Count, AfterValidator(parse_slot)]
Offset = Annotated[Count, AfterValidator(parse_offset)]


class Maintenance(Section):
    """Windows: each slot with each offset, sorted; machines of a role take them in order and start again after the last."""

    slots: Annotated[tuple[Slot, ...], AfterValidator(once_each), Field(min_length=1)] = Field(
        default=(17, 18, 19, 20, 21, 22), description="hours at which windows start, 0 to 23"
    )
    offsets: Annotated[tuple[Offset, ...], AfterValidator(once_each), Field(min_length=1)] = Field(
        default=(0, 15, 30, 45), description="minutes after the hour, 0 to 59"
    )
    duration: Minutes = Field(default=60, description="length of a window: hours and minutes, `1h30m`")
    strategy: Literal["maint-window", "best-effort", "instantly", "off"] = Field(
        default="maint-window",
        description="how load balancers use their window, in rebootmgr's words; Kubernetes machines never reboot themselves",
    )
    timezone: Annotated[str, BeforeValidator(parse_timezone), WithJsonSchema({"type": "string"})] = Field(
        default="UTC", description="time zone of windows and machines"
    )
