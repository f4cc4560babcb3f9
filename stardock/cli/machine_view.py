"""What `runner machine` does and says; its work is `stardock.verbs.machine` and `stardock.verbs.standing`."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from stardock.cli.screen import HEAD, shown
from stardock.cli.told import printable, say
from stardock.model.standing import NodeStanding
from stardock.verbs import machine as work
from stardock.verbs.job import Options
from stardock.verbs.standing import Row, Status
from stardock.verbs.standing import status as asked
from stardock.workspace.files import find_cluster_file

#: As `runner drift` has them: something is not as it should be; that is not known.
DOWN, UNKNOWN = 2, 4


def status(file: Path | None, names: tuple[str, ...], form: str, *, kubernetes: bool) -> int:
    """Ask and show; the exit code."""
    found = asked(find_cluster_file(file), names, kubernetes=kubernetes)
    if form == "json":
        click.echo(json.dumps(document(found), indent=2))
    else:
        shown([_table(found)])
        if found.why:
            say(f"Nodes are not known: {found.why}", err=True)
    runs = [row.runs for row in found.rows]
    return DOWN if False in runs else UNKNOWN if None in runs else 0


def document(found: Status) -> dict[str, Any]:
    """The rows for a program: docs/how-to/a-hung-machine.md."""
    return {"format": 1, "cluster": found.cluster, "kubernetes": found.why or None, "machines": [_document(row) for row in found.rows]}


def _document(row: Row) -> dict[str, Any]:
    power = row.power
    return {
        "name": row.machine.name,
        "vm_id": row.machine.vm_id,
        "pve_node": row.vm.pve_node if row.vm else None,
        "planned_pve_node": row.machine.pve_node,
        "runs": row.runs,
        "power": ("running" if power.running else "stopped") if power else None,
        "qemu": power.state if power else None,
        "lock": (power.lock or None) if power else None,
        "ha": (power.ha or None) if power else None,
        "uptime_seconds": power.uptime if power else None,
        "agent": row.agent or None,
        "node": None if row.node is None else {"ready": row.node.ready, "cordoned": row.node.cordoned, "votes": row.node.votes},
    }


def _table(found: Status) -> Table:
    grid = Table("machine", "VM id", "PVE node", "state", "up", "agent", "HA", "Node", box=HEAD)
    for row in found.rows:
        power = row.power
        now = row.vm.pve_node if row.vm else "-"
        where = now if now in ("-", row.machine.pve_node) else f"{now} (planned {row.machine.pve_node})"
        up = str(timedelta(seconds=power.uptime)) if power and power.running else "-"
        ha = (power.ha if power else "") or "-"
        grid.add_row(row.machine.name, str(row.machine.vm_id), where, row.state, up, row.agent or "-", ha, _node(row.node))
    return grid


def _node(node: NodeStanding | None) -> str:
    if node is None:
        return "-"
    votes = "" if node.votes is None else ", votes" if node.votes else ", does not vote"
    return f"{'Ready' if node.ready else 'not Ready'}{', cordoned' if node.cordoned else ''}{votes}"


def start(file: Path | None, name: str, *, ready_timeout: int, dry_run: bool) -> None:
    """Start it."""
    work.start(find_cluster_file(file), name, Options(ready_timeout=ready_timeout, dry_run=dry_run), say)


def stop(file: Path | None, name: str, *, yes: bool, no_drain: bool, accept_standstill: bool, **more: Any) -> None:
    """Stop it, once somebody has said yes."""
    work.stop(find_cluster_file(file), name, _options(yes, no_drain, accept_standstill, more), say)


def reset(file: Path | None, name: str, *, yes: bool, no_drain: bool, accept_standstill: bool, **more: Any) -> None:
    """Reset it, once somebody has said yes."""
    work.reset(find_cluster_file(file), name, _options(yes, no_drain, accept_standstill, more), say)


def _options(yes: bool, no_drain: bool, accept_standstill: bool, more: dict[str, Any]) -> Options:
    return Options(confirm=_confirm(yes=yes), drain=not no_drain, standstill=accept_standstill, **more)


def _confirm(*, yes: bool) -> Callable[[str], bool] | None:
    return (lambda _question: True) if yes else click.confirm if sys.stdin.isatty() else None


def console(file: Path | None, name: str, seconds: float | None) -> None:
    """Show it until it ends; Ctrl-C is how a person ends it."""
    with contextlib.suppress(KeyboardInterrupt):
        work.console(find_cluster_file(file), name, seconds, _tell, lambda text: say(text, err=True))


def _tell(text: str) -> None:
    """As it comes, without waiting for a line's end."""
    click.echo(printable(text), nl=False)
    sys.stdout.flush()
