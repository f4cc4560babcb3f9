"""`runner deploy`: its options; what it does is `stardock.verbs.deploy`."""

from __future__ import annotations

from pathlib import Path

import click

from stardock.cli.completion import machines
from stardock.cli.told import FILE


@click.command()
@FILE
@click.option(
    "--replace", multiple=True, metavar="NAME", shell_complete=machines, help="Destroy this machine and make it anew. May be given again."
)
@click.option(
    "--accept-loss",
    multiple=True,
    metavar="NAME",
    shell_complete=machines,
    help="Let it lose a disk, a TPM or a NIC in place. May be given again.",
)
@click.option("--dry-run", is_flag=True, help="Show the steps; do nothing.")
@click.option("-y", "--yes", is_flag=True, help="Apply without asking. With neither this nor a terminal, the plan is only shown.")
@click.option("--timeout", type=float, metavar="SECONDS", help="How long to wait for addresses and host keys. [default: by system]")
def deploy(
    *, file: Path | None, replace: tuple[str, ...], accept_loss: tuple[str, ...], dry_run: bool, yes: bool, timeout: float | None
) -> None:
    """Bring the machines on Proxmox to what cluster.yaml says.

    Checks, synthesizes, plans, refuses what was not named, applies, then reads addresses and SSH host keys. Killed at any moment, it
    continues when it is run again.
    """
    from stardock.cli import deploy_view  # noqa: PLC0415 -- its work is not for --help

    deploy_view.deploy(file, replace, accept_loss, dry_run=dry_run, yes=yes, timeout=timeout)
