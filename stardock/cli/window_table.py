"""Who may reboot when: a table for a person, a document for a program."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import click
from rich.table import Table

from stardock.cli.schedule import ITSELF, Turn
from stardock.cli.screen import HEAD
from stardock.model.plan import Plan
from stardock.plan.views.contract import FORMAT


def day_of(text: str | None, timezone: str) -> date:
    """The day that was asked for; today, as it is there, when none was. UsageError for what is no day."""
    if text is None:
        return datetime.now(ZoneInfo(timezone)).date()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise click.UsageError(f"{text} is not a day; write one as 2026-03-29") from None


def window_table(plan: Plan, day: date, turns: Iterable[Turn]) -> Table:
    """One row a machine, in the order of the day."""
    title = f"Reboots on {day:%A} {day} ({plan.kured.timezone}); one machine at a time where kured drains"
    table = Table(box=HEAD, title=title, title_justify="left")
    for column in ("machine", "role", "may be rebooted by", "from", "to", "from (UTC)", "to (UTC)"):
        table.add_column(column)
    for turn in turns:
        by = "itself" if turn.by == ITSELF else "kured, drained"
        times = (turn.start, turn.end, turn.start.astimezone(UTC), turn.end.astimezone(UTC))
        table.add_row(turn.machine, turn.role, by, *(_time(at, day) for at in times))
    return table


def _time(at: datetime, day: date) -> str:
    days = (at.date() - day).days
    return f"{at:%H:%M}" + (f" {days:+d}" if days else "")


def window_document(plan: Plan, day: date, turns: Iterable[Turn]) -> dict[str, Any]:
    """The same as plain data, moments with their offset to UTC."""
    return {
        "format": FORMAT,
        "cluster": plan.cluster,
        "day": day.isoformat(),
        "timezone": plan.kured.timezone,
        "windows": [
            {"machine": turn.machine, "role": turn.role, "by": turn.by, "start": turn.start.isoformat(), "end": turn.end.isoformat()}
            for turn in turns
        ],
    }
