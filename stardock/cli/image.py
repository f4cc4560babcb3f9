"""`runner image`: which image new machines get, and which the others have."""

from __future__ import annotations

from pathlib import Path

import click

from stardock.cli.subcommands import Subcommands
from stardock.cli.told import FILE


@click.group(cls=Subcommands)
def image() -> None:
    """Pin the images of new machines, and show which machine has which."""


@image.command()
@FILE
@click.option("--upgrade", is_flag=True, help="Look up again what is pinned already; asks before it writes.")
@click.option(
    "-y",
    "--yes",
    is_flag=True,
    help="With --upgrade: write without asking. With neither this nor a terminal, it is only shown.",
)
@click.option("--dry-run", is_flag=True, help="Show what would be pinned; write nothing.")
def pin(file: Path | None, upgrade: bool, yes: bool, dry_run: bool) -> None:
    """Write into the lock which content the images of new machines have.

    Reads the publisher's checksum file (SHA256SUMS, SHA512SUMS, *.sha256), or computes the checksum of a local file. PVE nodes verify what
    they download by it. Machines that exist keep their image, whatever is pinned.
    """
    from stardock.cli import image_view  # noqa: PLC0415 -- its work is not for --help

    image_view.pin(file, upgrade=upgrade, yes=yes, dry_run=dry_run)


@image.command(name="list")
@FILE
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def show(file: Path | None, form: str) -> None:
    """Show images, their pins, and the machines made from each."""
    from stardock.cli import image_view  # noqa: PLC0415 -- its work is not for --help

    image_view.show(file, form)
