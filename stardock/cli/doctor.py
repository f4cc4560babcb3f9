"""`runner doctor`: look at the estate, judge, show. Reads only; exit code 4 when there is a problem."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stardock.cli.told import FILE, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stardock.doctor.finding import Finding

#: The world is not as it must be (`stardock.errors.ConditionError`).
PROBLEMS = 4
#: Columns when the output is no terminal.
COLOURS = {"ok": "green", "warning": "yellow", "problem": "red"}


@click.command()
@FILE
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True, help="json: docs/doctor.md.")
@click.pass_context
def doctor(ctx: click.Context, file: Path | None, form: str) -> None:
    """Check that Proxmox and this machine are as the plan needs them.

    Asks Proxmox, tries the PVE nodes' SSH and the addresses of machines that do not exist yet, and changes nothing. Each fault comes with
    its cause and the command that cures it. Exit code 0: no problem (warnings are none), 4: at least one.
    """
    import os  # noqa: PLC0415 -- what follows takes a second; not for --help

    from stardock.doctor.checks import run  # noqa: PLC0415
    from stardock.doctor.look import look  # noqa: PLC0415
    from stardock.workspace.files import find_cluster_file  # noqa: PLC0415
    from stardock.workspace.workspace import open_workspace  # noqa: PLC0415

    where = open_workspace(find_cluster_file(file))
    findings = run(look(where, os.environ))
    if form == "json":
        click.echo(json.dumps(document(where.plan.cluster, findings), indent=2))
    else:
        _show(findings)
    if any(finding.level.value == "problem" for finding in findings):
        ctx.exit(PROBLEMS)


def document(cluster: str, findings: Sequence[Finding]) -> dict[str, object]:
    """The findings for a program: docs/doctor.md."""
    rows = [
        {"check": one.check, "subject": one.subject, "level": one.level.value, "cause": one.cause, "cure": one.cure or None}
        for one in findings
    ]
    counts = {level: sum(row["level"] == level for row in rows) for level in COLOURS}
    return {"format": 1, "cluster": cluster, "counts": counts, "findings": rows}


def _show(findings: Sequence[Finding]) -> None:
    """A table, the worst last, where one looks first; then the cures as whole lines, to be copied."""
    from rich.table import Table  # noqa: PLC0415 -- not for --help
    from rich.text import Text  # noqa: PLC0415

    from stardock.cli.screen import HEAD, shown  # noqa: PLC0415

    ordered = sorted(findings, key=lambda one: list(COLOURS).index(one.level.value))
    table = Table("", "check", "of", "finding", box=HEAD)
    for one in ordered:
        table.add_row(Text(one.level.value, style=COLOURS[one.level.value]), one.check, one.subject, one.cause)
    shown([table])
    for one in (one for one in ordered if one.cure):
        say(f"{one.level.value}: {one.check}, {one.subject}")
        say("\n".join(f"  {line}" for line in one.cure.splitlines()))
    counts = {level: sum(one.level.value == level for one in findings) for level in COLOURS}
    say(f"{counts['ok']} ok, {_counted(counts['warning'], 'warning')}, {_counted(counts['problem'], 'problem')}")


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
