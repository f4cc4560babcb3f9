"""What `runner doctor` found: a table and cures, or a document for programs."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

import click
from rich.table import Table
from rich.text import Text

from stardock.cli.screen import HEAD, READABLE, shown
from stardock.cli.told import say
from stardock.doctor.checks import run
from stardock.doctor.finding import Finding
from stardock.doctor.look import look
from stardock.workspace.files import find_cluster_file
from stardock.workspace.workspace import open_workspace

#: The world is not as it must be (`stardock.errors.ConditionError`).
PROBLEMS = 4
#: Level -> colour; in the order in which findings are shown.
COLOURS = {"ok": "green", "warning": "yellow", "problem": "red"}


def doctor(file: Path | None, form: str) -> int:
    """Look and show; the exit code."""
    where = open_workspace(find_cluster_file(file))
    findings = run(look(where, os.environ))
    if form == "json":
        click.echo(json.dumps(document(where.plan.cluster, findings), indent=2))
    else:
        _show(findings)
    return PROBLEMS if any(finding.level.value == "problem" for finding in findings) else 0


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
    ordered = sorted(findings, key=lambda one: list(COLOURS).index(one.level.value))
    table = Table("", "check", "of", "finding", box=HEAD)
    for one in ordered:
        table.add_row(Text(one.level.value, style=COLOURS[one.level.value]), one.check, one.subject, one.cause)
    shown([table], piped=READABLE)
    for one in (one for one in ordered if one.cure):
        say(f"{one.level.value}: {one.check}, {one.subject}")
        say("\n".join(f"  {line}" for line in one.cure.splitlines()))
    counts = {level: sum(one.level.value == level for one in findings) for level in COLOURS}
    say(f"{counts['ok']} ok, {_counted(counts['warning'], 'warning')}, {_counted(counts['problem'], 'problem')}")


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
