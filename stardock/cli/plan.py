"""`runner plan`: what is decided for every machine. Reads, prints, and never writes a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stardock.cli.completion import pve_nodes
from stardock.cli.told import FILE, say

if TYPE_CHECKING:
    from stardock.model.plan import Plan
    from stardock.plan.views.losses import Loss
    from stardock.workspace.workspace import Workspace

#: Stands for every PVE node; no name of one has a space.
EACH = "every PVE node"
TODAY = "today"
#: As `terraform plan -detailed-exitcode` has it.
CHANGES = 2
_DETAILED = (
    "Exit with 0 where a state was read and nothing is to do, else with 2: also where only the lock was compared with, which does not tell "
    "what exists. The VIP, RKE2's options, haproxy and kured are not compared: runner bootstrap --check."
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
    from stardock.playbooks.running import known, refuse  # noqa: PLC0415
    from stardock.workspace.files import find_cluster_file  # noqa: PLC0415 -- pydantic: not for --help
    from stardock.workspace.workspace import open_workspace, refuse_to_move  # noqa: PLC0415

    if read and not capacity:
        raise click.UsageError("--read belongs to --capacity")
    view = addresses or windows is not None or capacity or if_lost is not None
    if view and (every or detailed_exitcode):
        raise click.UsageError("--all and --detailed-exitcode belong to the plan itself, not to one of its views")
    if sum((addresses, windows is not None, capacity or if_lost is not None)) > 1:
        raise click.UsageError("--addresses and --windows each go alone")
    where = open_workspace(find_cluster_file(file))
    refuse_to_move(where)
    refuse(where, known(where))
    if addresses:
        _show_addresses(where, form)
    elif windows is not None:
        _show_windows(where.plan, form, windows)
    elif capacity or if_lost is not None:
        _show_placement(where, form, if_lost, capacity=capacity, read=read)
    else:
        _show_plan(where, form, every=every, detailed_exitcode=detailed_exitcode)
        return
    _warn(where)


def _warn(where: Workspace) -> None:
    from stardock.workspace.workspace import unseen  # noqa: PLC0415 -- see above

    for warning in (*where.plan.warnings, *unseen(where)):
        say(f"warning: {warning}", err=True)


def _show_plan(where: Workspace, form: str, *, every: bool, detailed_exitcode: bool) -> None:
    """Show machines and difference; what counts is the last line, also below the warnings."""
    from stardock.workspace.compared import compared  # noqa: PLC0415 -- see above

    found = compared(where)
    if form == "json":
        from stardock.plan.views.contract import difference_document, document  # noqa: PLC0415 -- see above

        click.echo(json.dumps({**document(where.plan), "diff": difference_document(found)}, indent=2))
        _warn(where)
    else:
        from stardock.cli.difference_lines import summary  # noqa: PLC0415 -- see above
        from stardock.cli.screen import shown  # noqa: PLC0415
        from stardock.cli.tables import parts  # noqa: PLC0415

        shown(parts(where, found, every=every))
        _warn(where)
        say(summary(found))
    if detailed_exitcode and not found.settled:
        raise click.exceptions.Exit(CHANGES)


def _show_addresses(where: Workspace, form: str) -> None:
    """Show the worksheet of addresses."""
    from stardock.cli.address_tables import fixed, range_table  # noqa: PLC0415 -- see above
    from stardock.cli.screen import shown  # noqa: PLC0415
    from stardock.plan.views.contract import FORMAT, address_document  # noqa: PLC0415
    from stardock.plan.views.worksheet import fixed as addresses_of_others  # noqa: PLC0415
    from stardock.plan.views.worksheet import ranges  # noqa: PLC0415

    found, taken = ranges(where.spec, where.lock), addresses_of_others(where.spec)
    if form == "json":
        click.echo(json.dumps({"format": FORMAT, "cluster": where.plan.cluster, **address_document(found, taken)}, indent=2))
        return
    shown([range_table(found), fixed(where.spec)])


def _show_placement(where: Workspace, form: str, if_lost: str | None, *, capacity: bool, read: bool) -> None:
    """Show the two views of where machines stand; one JSON document for what was asked."""
    from stardock.cli.placement_tables import capacity_table, loss_table  # noqa: PLC0415 -- see above
    from stardock.cli.screen import shown  # noqa: PLC0415
    from stardock.plan.views.capacity import loads  # noqa: PLC0415
    from stardock.plan.views.contract import FORMAT, capacity_document, loss_document  # noqa: PLC0415

    plan = where.plan
    losses = _losses(plan, if_lost) if if_lost is not None else ()
    carried = loads(_measured(where) if read else plan) if capacity else ()
    if form == "json":
        parts = {**(loss_document(losses) if losses else {}), **(capacity_document(carried) if carried else {})}
        click.echo(json.dumps({"format": FORMAT, "cluster": plan.cluster, **parts}, indent=2))
        return
    shown([*([loss_table(losses)] if losses else []), *([capacity_table(carried)] if carried else [])])


def _losses(plan: Plan, pve_node: str) -> tuple[Loss, ...]:
    """The loss of one PVE node, or of each. RefusedError for one that nobody knows."""
    from stardock.errors import RefusedError  # noqa: PLC0415 -- see above
    from stardock.plan.views.losses import matrix  # noqa: PLC0415

    every = matrix(plan)
    chosen = tuple(loss for loss in every if pve_node in (EACH, loss.pve_node))
    if not chosen:
        raise RefusedError(f"there is no PVE node {pve_node}", cure=f"the PVE nodes are {', '.join(loss.pve_node for loss in every)}")
    return chosen


def _measured(where: Workspace) -> Plan:
    """The plan, with what Proxmox says of its hosts where cluster.yaml is silent, whatever the lock holds of that.

    ConditionError when it does not answer.
    """
    from dataclasses import replace  # noqa: PLC0415 -- see above

    from stardock.estate.capacity import measured  # noqa: PLC0415
    from stardock.estate.connection import Estate  # noqa: PLC0415

    plan, said = where.plan, {node.name: node.memory for node in where.spec.proxmox.nodes}
    asked = [replace(node, memory_mib=said[node.name]) for node in plan.proxmox.nodes]
    nodes = measured(Estate.from_environment(plan.proxmox), asked)
    return replace(plan, proxmox=replace(plan.proxmox, nodes=nodes))


def _show_windows(plan: Plan, form: str, on: str) -> None:
    """Show who may reboot when, on a day that begins in the time zone of the windows."""
    from stardock.cli.schedule import turns  # noqa: PLC0415
    from stardock.cli.window_table import day_of, window_document, window_table  # noqa: PLC0415 -- see above

    day = day_of(None if on == TODAY else on, plan.kured.timezone)
    every = turns(plan, day)
    if form == "json":
        click.echo(json.dumps(window_document(plan, day, every), indent=2))
        return
    from stardock.cli.screen import shown  # noqa: PLC0415 -- see above

    shown([window_table(plan, day, every)])
