"""How a bootstrap is shown: in a terminal a line a machine that changes in place, elsewhere plain lines; stage times in both."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator

from rich.console import Console, Group
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from stardock.cli.told import printable
from stardock.playbooks.progress import Progress


@contextlib.contextmanager
def view() -> Iterator[Progress]:
    """The right one for where the output goes; ends with the sum of the times."""
    began = time.monotonic()
    console = Console(highlight=False, markup=False, emoji=False)
    if not sys.stdout.isatty():
        yield Plain(console)
    else:
        with Live(console=console, refresh_per_second=8, transient=True) as live:
            yield Moving(console, live)
    console.print(f"bootstrap: done in {time.monotonic() - began:.1f} s")


def summary(stage: str, seconds: float, changed: dict[str, int]) -> str:
    """One line for a stage that is done."""
    touched = {name: count for name, count in changed.items() if count}
    what = ", ".join(f"{name} {count}" for name, count in touched.items()) or "nothing"
    return f"{stage:<13} {seconds:6.1f} s   changed: {what}"


class Plain:
    """For logs and pipes: a line when a stage begins and ends, and one when a machine comes to a new task for long."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def stage_begins(self, stage: str) -> None:
        """Say so."""
        self._console.print(f"{stage} ...")

    def stage_ends(self, stage: str, seconds: float, changed: dict[str, int]) -> None:
        """Say how long it took and what changed."""
        self._console.print(summary(stage, seconds, changed), soft_wrap=True)

    def machine_does(self, machine: str, task: str, changes: int) -> None:
        """Nothing: a line a task would be the log."""


class Moving:
    """For a terminal: the stage with its seconds, below it a line a machine."""

    def __init__(self, console: Console, live: Live) -> None:
        self._console, self._live = console, live
        self._stage, self._began = "", 0.0
        self._machines: dict[str, tuple[str, int]] = {}
        self._spinner = Spinner("dots")

    def stage_begins(self, stage: str) -> None:
        """Clear the machines' lines."""
        self._stage, self._began, self._machines = stage, time.monotonic(), {}
        self._live.update(self._picture())

    def stage_ends(self, stage: str, seconds: float, changed: dict[str, int]) -> None:
        """Leave one line for good."""
        self._console.print(Text.assemble(("✓ ", "green"), summary(stage, seconds, changed)), soft_wrap=True)

    def machine_does(self, machine: str, task: str, changes: int) -> None:
        """Change the machine's line."""
        self._machines[machine] = (task, changes)
        self._live.update(self._picture())

    def _picture(self) -> Group:
        table = Table.grid(padding=(0, 2))
        for name, (task, changes) in self._machines.items():
            table.add_row("  " + name, printable(task), f"{changes} changed" if changes else "")
        self._spinner.update(text=f"{self._stage} {time.monotonic() - self._began:.0f} s")
        return Group(self._spinner, table)
