"""`runner discover`: its options; what it does is `stardock.verbs.discover`."""

from __future__ import annotations

from pathlib import Path

import click

from stardock.cli.told import FILE


@click.command()
@FILE
@click.option("--timeout", type=float, metavar="SECONDS", help="How long to wait for silent machines. [default: by system]")
@click.option("--dry-run", is_flag=True, help="Show the step; do nothing.")
def discover(file: Path | None, timeout: float | None, dry_run: bool) -> None:
    """Read addresses and SSH host keys of the machines through Proxmox.

    Asks every machine's guest agent over the PVE API and writes the facts and known_hosts beside the cluster file. Needs the API token.
    """
    from stardock.cli import discover_view  # noqa: PLC0415 -- its work is not for --help

    discover_view.discover(file, timeout, dry_run=dry_run)
