"""`runner deploy`: its options; what it does is `stardock.verbs.deploy`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from stardock.cli.completion import machines
from stardock.cli.told import FILE, say


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
    from stardock.cli.endings import deploy_ending  # noqa: PLC0415
    from stardock.step import show  # noqa: PLC0415
    from stardock.terraform.run import Options, Run  # noqa: PLC0415 -- pydantic, requests: not for --help
    from stardock.verbs import deploy as work  # noqa: PLC0415
    from stardock.workspace.files import find_cluster_file  # noqa: PLC0415
    from stardock.workspace.workspace import open_workspace  # noqa: PLC0415

    confirm = (lambda _question: True) if yes else click.confirm if sys.stdin.isatty() else None
    options = Options(frozenset(replace), frozenset(accept_loss), confirm, timeout)
    cluster_file = find_cluster_file(file)
    if dry_run:
        run = Run(open_workspace(cluster_file), options, say)
        show([*work.checks(run), *work.steps(run)], say)
        return
    seconds = work.deploy(cluster_file, options, say)
    for line in deploy_ending(open_workspace(cluster_file), seconds):
        say(line)
