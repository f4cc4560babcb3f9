"""`runner lock`: the four things that a person may tell the lock."""

from __future__ import annotations

from pathlib import Path

import click

from stardock.cli.completion import machines, retired
from stardock.cli.subcommands import Subcommands
from stardock.cli.told import FILE

DRY_RUN = click.option("--dry-run", is_flag=True, help="Say what would change; write nothing.")


@click.group(cls=Subcommands)
def lock() -> None:
    """Accept or forget what the lock holds for a name; keep what memory the PVE nodes have, and a channel's release."""


@lock.command()
@click.argument("name", shell_complete=machines)
@FILE
@DRY_RUN
def accept(name: str, file: Path | None, dry_run: bool) -> None:
    """Take what cluster.yaml wants of the machine NAME.

    The lock then has those values. Nothing happens to the machine: `runner deploy --replace NAME` then makes it so.
    """
    from stardock.cli import lock_view  # noqa: PLC0415 -- its work is not for --help

    lock_view.accept(name, file, dry_run=dry_run)


@lock.command()
@click.argument("name", shell_complete=retired)
@FILE
@DRY_RUN
def forget(name: str, file: Path | None, dry_run: bool) -> None:
    """Free the VM id and addresses of the removed machine NAME.

    NAME may also be two sites of a mesh, boat+shed: who carries between them is then chosen anew.
    """
    from stardock.cli import lock_view  # noqa: PLC0415 -- its work is not for --help

    lock_view.forget(name, file, dry_run=dry_run)


@lock.command()
@FILE
@DRY_RUN
def memory(file: Path | None, dry_run: bool) -> None:
    """Read from Proxmox what memory each PVE node has.

    Placement respects it from then on. Where `proxmox.nodes` says `memory`, that holds, and nothing is kept. No machine moves.
    """
    from stardock.cli import lock_view  # noqa: PLC0415 -- its work is not for --help

    lock_view.memory(file, dry_run=dry_run)


@lock.command()
@FILE
@click.option("--url", help="A copy of the makers' list of channels.")
@DRY_RUN
def channel(file: Path | None, url: str | None, dry_run: bool) -> None:
    """Ask which release `distribution.channel` is at.

    The lock has it from then on, until this is run again: no plan follows a channel by itself.
    """
    from stardock.cli import lock_view  # noqa: PLC0415 -- its work is not for --help

    lock_view.channel(file, url, dry_run=dry_run)
