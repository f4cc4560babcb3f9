"""`maintenance`: when machines that update themselves may reboot."""

from __future__ import annotations

import re
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from stardock.spec.mistakes import times
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
        raise broken(f"{', '.join(map(str, twice))} is there twice", "delete one")
    return value


def parse_timezone(value: object) -> str:
    """A name of the IANA time zone database; checked where this machine has it."""
    if value == "UTC":
        return "UTC"
    try:
        return ZoneInfo(value if isinstance(value, str) else "").key
    except (ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError
        pass
    except KeyError:
        if isinstance(value, str) and value and not available_timezones():
            return value
    raise broken(f"{shown(value)} is not a time zone", _named_zone(str(value)))


def _named_zone(text: str) -> str:
    """The zone of that name in other letters, or of that city."""
    word = text.strip().lower().replace(" ", "_")
    known = sorted(zone for zone in available_timezones() if word and word in {zone.lower(), zone.lower().rpartition("/")[2]})
    return f"write {known[0]}" if known and not re.fullmatch(r"[a-z]{3,4}", word) else "write UTC, or a name such as Europe/Berlin"


Slot = Annotated[Count, AfterValidator(parse_slot)]
Offset = Annotated[Count, AfterValidator(parse_offset)]


_CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9]"


def parse_clock(value: object) -> str:
    """Hours and minutes of a day."""
    if not isinstance(value, str) or not re.fullmatch(_CLOCK, value):
        raise broken(f"{shown(value)} is not a time of day", times.clock(value))
    return value


Clock = Annotated[str, BeforeValidator(parse_clock), WithJsonSchema({"type": "string", "pattern": f"^{_CLOCK}$"})]
Day = Literal["mo", "tu", "we", "th", "fr", "sa", "su"]
#: What a machine has for its boot, and the lock is kept for afterwards.
_BOOT_MINUTES = 30
EVERY_DAY: tuple[Day, ...] = ("mo", "tu", "we", "th", "fr", "sa", "su")


class Kured(Section):
    """When kured drains and reboots the machines that run Kubernetes, one at a time; `addons.kured` installs it."""

    start: Clock | None = Field(
        default=None, description="when it may begin, in `timezone`; by default 18:00, or where the last load balancer's window ends"
    )
    end: Clock | None = Field(default=None, description="when it stops beginning; before `start`: on the next day. 23:00 by default")
    days: Annotated[tuple[Day, ...], Field(min_length=1)] = Field(default=EVERY_DAY, description="days of the week")
    period: Minutes = Field(default=60, description="how often each machine looks whether it has to reboot")
    drain_timeout: Minutes = Field(default=30, description="after which a drain is given up, and tried again at the next look")
    lock_timeout: Minutes = Field(default=120, description="after which another machine may go on although one never came back")

    @model_validator(mode="after")
    def _lock_outlives_a_drain(self) -> Kured:
        if self.lock_timeout < self.drain_timeout + _BOOT_MINUTES:
            least = self.drain_timeout + _BOOT_MINUTES
            message = f"a lock of {self.lock_timeout}m may end while its machine still drains ({self.drain_timeout}m) or boots"
            raise broken(message, f"write lock_timeout: {least // 60}h{least % 60}m or more, or a shorter drain_timeout")
        return self


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
    kured: Kured = Field(default=Kured(), description="reboots of the machines that run Kubernetes")
