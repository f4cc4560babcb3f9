"""When kured may reboot the machines that run Kubernetes, beside the windows in which load balancers reboot themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from stardock.model.machine import Machine, Window
from stardock.model.settings import Kured
from stardock.plan.machine.maintenance import DAY, clock, end, minute_of, start_minute
from stardock.plan.rules.allocated import self_rebooting

if TYPE_CHECKING:  # pydantic takes a tenth of a second
    from stardock.spec.cluster import Spec

#: The origin's hours.
START, END = "18:00", "23:00"


def kured(spec: Spec, machines: Mapping[str, Machine]) -> Kured:
    """What cluster.yaml says; a start that it leaves open is where no load balancer reboots itself any more."""
    wanted, zone = spec.maintenance.kured, spec.maintenance.timezone
    usual = Kured(
        start=wanted.start or START,
        end=wanted.end or END,
        days=wanted.days,
        period_minutes=wanted.period,
        timezone=zone,
        drain_minutes=wanted.drain_timeout,
        lock_minutes=wanted.lock_timeout,
    )
    return usual if wanted.start else replace(usual, start=_after_load_balancers(usual, machines))


def _after_load_balancers(usual: Kured, machines: Mapping[str, Machine]) -> str:
    """The end of the last window that reaches into the usual hours, if an hour is left after it; else the usual start (and a warning)."""
    first = minute_of(usual.start)
    ends = [(start_minute(window) + window.duration_minutes - first) % DAY for _, window in _meeting(usual, machines)]
    latest = max(ends, default=0)
    return clock(first + latest) if latest + 60 <= _length(usual) else usual.start


def kured_warnings(planned: Kured, machines: Mapping[str, Machine]) -> Iterator[str]:
    """Load balancers that may be away while kured drains: the API then changes hands in the middle of a drain."""
    for name, window in _meeting(planned, machines):
        yield (
            f"the load balancer {name} may reboot itself {_when(window)}, while kured drains machines"
            f" {planned.start}-{planned.end}: part them by maintenance.kured.start and end, or by other slots"
        )


def _when(window: Window) -> str:
    return "at any time" if window.strategy == "instantly" else f"{window.start}-{end(window)}"


def _meeting(planned: Kured, machines: Mapping[str, Machine]) -> list[tuple[str, Window]]:
    """Load balancers whose windows share a minute with kured's hours, around the clock."""
    return [(name, window) for name, window in self_rebooting(machines) if _meets(planned, window)]


def _meets(planned: Kured, window: Window) -> bool:
    if window.strategy == "instantly":
        return True
    apart = (start_minute(window) - minute_of(planned.start)) % DAY
    return apart < _length(planned) or DAY - apart < window.duration_minutes


def _length(planned: Kured) -> int:
    """Minutes from start to end; equal times are a whole day."""
    return (minute_of(planned.end) - minute_of(planned.start)) % DAY or DAY
