"""The worksheet of addresses as a table for a person."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from stardock.cli.screen import HEAD
from stardock.plan.views.worksheet import ENOUGH, Range
from stardock.plan.views.worksheet import fixed as fixed_addresses

if TYPE_CHECKING:
    from stardock.spec import Spec

COLUMNS = ("machines", "interface", "network", "first", "given", "last given", "next free", "room for", "until")


def range_table(ranges: Iterable[Range]) -> Table:
    """One row a range."""
    table = Table(box=HEAD, title="Addresses", title_justify="left")
    for column in COLUMNS:
        table.add_column(column, justify="right" if column in {"given", "room for"} else "left")
    for one in ranges:
        table.add_row(*_cells(one))
    return table


def _cells(one: Range) -> tuple[str, ...]:
    last = one.used[-1][1] if one.used else "-"
    room = f"over {ENOUGH - 1}" if one.room == ENOUGH else str(one.room)
    who = f"pool {one.pool}" if one.pool else f"{one.role}s"
    return (who, one.interface, one.network, one.first, str(len(one.used)), last, one.following or "-", room, one.until)


def fixed(spec: Spec) -> Text:
    """The addresses that are in cluster.yaml for others than machines."""
    named = [f"{whose} {address}" for address, whose in fixed_addresses(spec)]
    return Text(f"Taken besides: {', '.join(named)}" if named else "No other address is named; interfaces without a range ask DHCP")
