"""`runner drift`: compare Proxmox with the plan, show, change nothing. Exit code 2 when something differs, 4 when that is not known."""

from __future__ import annotations

from pathlib import Path

import click

from stardock.cli.told import FILE


@click.command()
@FILE
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True, help="json: docs/drift.md.")
@click.option("--ssh", is_flag=True, help="Read the content of snippets over SFTP, too; the API tells only their size.")
@click.pass_context
def drift(ctx: click.Context, file: Path | None, form: str, ssh: bool) -> None:
    """Show what differs on Proxmox from the plan, also where the engine does not look.

    Reads through the API and changes nothing. Exit code 0: all is as planned; 2: something is not; 4: not all could be looked
    at, and the rest is as planned.
    """
    from stardock.cli import drift_view  # noqa: PLC0415 -- its work is not for --help

    ctx.exit(drift_view.drift(file, form, ssh=ssh))
