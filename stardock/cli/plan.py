"""`runner plan`: what is decided for every machine. Reads, prints, and never writes a file."""

from __future__ import annotations

import json
from pathlib import Path

import click


@click.command()
@click.option("-f", "--file", type=click.Path(path_type=Path), help="The cluster file. [default: $STARDOCK_FILE or ./cluster.yaml]")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True, help="json: docs/plan-json.md.")
def plan(file: Path | None, form: str) -> None:
    """Show what is decided for every machine; writes nothing.

    Also shows what the lock would gain, what waits under `remove`, and what stays as it is until `runner lock accept NAME`. Warnings go to
    stderr.
    """
    from stardock.cli.tables import show  # noqa: PLC0415 -- rich and pydantic: not for --help
    from stardock.plan.contract import document  # noqa: PLC0415
    from stardock.workspace import find_cluster_file, open_workspace, refuse_to_move  # noqa: PLC0415

    where = open_workspace(find_cluster_file(file))
    refuse_to_move(where)
    if form == "json":
        click.echo(json.dumps(document(where.plan), indent=2))
    else:
        show(where)
    for warning in where.plan.warnings:
        click.echo(f"warning: {warning}", err=True)
