"""What `runner rebalance` proposes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import click

from stardock.cli.told import say
from stardock.plan.allocation.declared import declared
from stardock.plan.allocation.hosts import allowed
from stardock.plan.views.contract import FORMAT, moves_document
from stardock.plan.views.rebalance import Move
from stardock.plan.views.rebalance import rebalance as moves
from stardock.workspace.files import find_cluster_file
from stardock.workspace.workspace import Workspace, open_workspace, refuse_to_move


def rebalance(file: Path | None, form: str) -> None:
    """Print the moves."""
    where = open_workspace(find_cluster_file(file))
    refuse_to_move(where)
    found = proposed(where)
    if form == "json":
        click.echo(json.dumps({"format": FORMAT, "cluster": where.plan.cluster, **moves_document(found)}, indent=2))
        return
    for move in found:
        say("\n".join(_lines(move)))
    say("nothing was moved; move one at a time, a server only while all others are well" if found else "nothing to move")


def proposed(where: Workspace) -> tuple[Move, ...]:
    """The moves of a cluster's machines. A machine that `pve_node` pins, or that no pool names any more, stays."""
    nodes = where.plan.proxmox.nodes
    names = [node.name for node in nodes]
    may_use = {one.name: allowed(one, names) for one in declared(where.spec) if not one.own.pve_node}
    return moves(nodes, where.plan.machines, may_use)


def _lines(move: Move) -> Iterator[str]:
    """A move and how to make it: first in Proxmox, then here."""
    machine = move.machine
    yield f"{machine.name} ({machine.role}, VM {machine.vm_id}): {machine.pve_node} -> {move.to}: {move.why}"
    if machine.devices or machine.usb:
        yield f"  on {machine.pve_node}: qm shutdown {machine.vm_id} && qm migrate {machine.vm_id} {move.to}   (a device stays behind)"
    else:
        yield f"  on {machine.pve_node}: qm migrate {machine.vm_id} {move.to} --online --with-local-disks"
    yield f"  in cluster.yaml: {{name: {machine.name}, pve_node: {move.to}}}"
    yield f"  then: runner lock accept {machine.name} && runner deploy   (its first-boot files follow; it does not start there without)"
