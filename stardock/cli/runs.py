"""`runner runs`: its options; what it does is `stardock.cli.runs_view`."""

from __future__ import annotations

from pathlib import Path

import click

from stardock.cli.told import FILE


@click.command()
@FILE
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True, help="json: oldest first.")
def runs(file: Path | None, form: str) -> None:
    """List the last runs of bootstrap with the times of their stages, the newest first; changes nothing."""
    from stardock.cli import runs_view  # noqa: PLC0415 -- its work is not for --help

    runs_view.runs(file, form)
