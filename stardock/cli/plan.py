"""`runner plan`: what is decided for every machine. Reads, prints, and never writes a file."""

from __future__ import annotations

from pathlib import Path

import click

from stardock.cli.completion import pve_nodes
from stardock.cli.told import FILE

#: Stands for every PVE node; no name of one has a space.
EACH = "every PVE node"
TODAY = "today"
#: As `terraform plan -detailed-exitcode` has it.
CHANGES = 2
_DETAILED = (
    "Exit with 0 where a state was read and nothing is to do, else with 2: also where only the lock was compared with, which does not tell "
    "what exists. The VIP, Kubernetes' options, haproxy and add-ons are not compared: runner bootstrap --check."
)


@click.command()
@FILE
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True, help="json: docs/plan-json.md.")
@click.option("--all", "every", is_flag=True, help="Each machine on a line of its own; else large pools are folded.")
@click.option("--detailed-exitcode", is_flag=True, help=_DETAILED)
@click.option("--capacity", is_flag=True, help="What each PVE node carries, in sum and in per cent.")
@click.option("--read", is_flag=True, help="With --capacity: ask Proxmox how much there is, where cluster.yaml does not say.")
@click.option("--addresses", is_flag=True, help="What each range of addresses has given, the next address, and the room behind it.")
@click.option(
    "--if-lost",
    is_flag=False,
    flag_value=EACH,
    metavar="[NODE]",
    shell_complete=pve_nodes,
    help="What the loss of a PVE node takes, or of each.",
)
@click.option("--windows", is_flag=False, flag_value=TODAY, metavar="[DATE]", help="Who may reboot when, today or on a day (2026-03-29).")
def plan(
    *,
    file: Path | None,
    form: str,
    every: bool,
    detailed_exitcode: bool,
    capacity: bool,
    read: bool,
    addresses: bool,
    if_lost: str | None,
    windows: str | None,
) -> None:
    """Show what is decided for every machine, and what the next run would do; writes nothing, asks nobody.

    It is compared with the Terraform state beside the file, else with the lock. Also shows what is new in the lock, what an edit does not
    change because the lock keeps it, and what stays as it is until `runner lock accept NAME`. Warnings go to stderr.
    """
    if read and not capacity:
        raise click.UsageError("--read belongs to --capacity")
    view = addresses or windows is not None or capacity or if_lost is not None
    if view and (every or detailed_exitcode):
        raise click.UsageError("--all and --detailed-exitcode belong to the plan itself, not to one of its views")
    if sum((addresses, windows is not None, capacity or if_lost is not None)) > 1:
        raise click.UsageError("--addresses and --windows each go alone")
    from stardock.cli import plan_view  # noqa: PLC0415 -- its work is not for --help

    day, lost = "" if windows == TODAY else windows, "" if if_lost == EACH else if_lost
    settled = plan_view.show(file, form, every=every, addresses=addresses, day=day, if_lost=lost, capacity=capacity, read=read)
    if detailed_exitcode and not settled:
        raise click.exceptions.Exit(CHANGES)
