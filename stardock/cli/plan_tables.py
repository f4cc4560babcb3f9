"""What `runner plan` shows: the plan with what the next run would do; addresses; where machines are; who may reboot when."""

from __future__ import annotations

import json
from dataclasses import replace

import click

from stardock.cli.address_tables import fixed, range_table
from stardock.cli.difference_lines import summary
from stardock.cli.placement_tables import capacity_table, loss_table
from stardock.cli.schedule import turns
from stardock.cli.screen import shown
from stardock.cli.tables import parts
from stardock.cli.told import say
from stardock.cli.window_table import day_of, window_document, window_table
from stardock.errors import RefusedError
from stardock.model.plan import Plan
from stardock.plan.views.capacity import loads
from stardock.plan.views.contract import FORMAT, address_document, capacity_document, difference_document, document, loss_document
from stardock.plan.views.losses import Loss, matrix
from stardock.plan.views.worksheet import fixed as addresses_of_others
from stardock.plan.views.worksheet import ranges
from stardock.workspace.compared import compared
from stardock.workspace.workspace import Workspace, unseen


def show_plan(where: Workspace, form: str, *, every: bool) -> bool:
    """Show machines and difference; what counts is the last line, also below the warnings. Whether nothing is to do."""
    found = compared(where)
    if form == "json":
        click.echo(json.dumps({**document(where.plan), "diff": difference_document(found)}, indent=2))
        warn(where)
    else:
        shown(parts(where, found, every=every))
        warn(where)
        say(summary(found))
    return found.settled


def warn(where: Workspace) -> None:
    """Tell what the plan warns of."""
    for warning in (*where.plan.warnings, *unseen(where)):
        say(f"warning: {warning}", err=True)


def show_addresses(where: Workspace, form: str) -> None:
    """Show the worksheet of addresses."""
    found, taken = ranges(where.spec, where.lock), addresses_of_others(where.spec)
    if form == "json":
        click.echo(json.dumps({"format": FORMAT, "cluster": where.plan.cluster, **address_document(found, taken)}, indent=2))
        return
    shown([range_table(found), fixed(where.spec)])


def show_placement(where: Workspace, form: str, if_lost: str | None, *, capacity: bool, read: bool) -> None:
    """Show the two views of where machines are, one JSON document for what was asked; `if_lost` is a PVE node, or empty for each."""
    plan = where.plan
    losses = _losses(plan, if_lost) if if_lost is not None else ()
    carried = loads(_measured(where) if read else plan) if capacity else ()
    if form == "json":
        documents = {**(loss_document(losses) if losses else {}), **(capacity_document(carried) if carried else {})}
        click.echo(json.dumps({"format": FORMAT, "cluster": plan.cluster, **documents}, indent=2))
        return
    shown([*([loss_table(losses)] if losses else []), *([capacity_table(carried)] if carried else [])])


def _losses(plan: Plan, pve_node: str) -> tuple[Loss, ...]:
    """The loss of one PVE node, or of each where none is named. RefusedError for one that nobody knows."""
    every = matrix(plan)
    chosen = tuple(loss for loss in every if pve_node in ("", loss.pve_node))
    if not chosen:
        raise RefusedError(f"there is no PVE node {pve_node}", cure=f"the PVE nodes are {', '.join(loss.pve_node for loss in every)}")
    return chosen


def _measured(where: Workspace) -> Plan:
    """The plan, with what Proxmox says of its hosts where cluster.yaml is silent, whatever the lock holds of that.

    ConditionError when it does not answer.
    """
    from stardock.estate.capacity import measured_now  # noqa: PLC0415 -- requests: only where Proxmox is asked

    plan, said = where.plan, {node.name: node.memory for node in where.spec.proxmox.nodes}
    asked = [replace(node, memory_mib=said[node.name]) for node in plan.proxmox.nodes]
    nodes = measured_now(plan.proxmox, asked)
    return replace(plan, proxmox=replace(plan.proxmox, nodes=nodes))


def show_windows(plan: Plan, form: str, on: str) -> None:
    """Show who may reboot when, on a day (empty: today) that begins in the time zone of the windows."""
    day = day_of(on or None, plan.kured.timezone)
    every = turns(plan, day)
    if form == "json":
        click.echo(json.dumps(window_document(plan, day, every), indent=2))
        return
    shown([window_table(plan, day, every)])
