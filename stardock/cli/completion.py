"""Names for the shell's completion (`_RUNNER_COMPLETE`, click's own), from the cluster file of the line; none where it cannot be read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from stardock.workspace.workspace import Workspace


def machines(ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Machines of the plan."""
    return _beginning(ctx, incomplete, lambda where: (machine.name for machine in where.plan.machines))


def retired(ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Machines that went, and whose values the lock still keeps."""
    return _beginning(ctx, incomplete, lambda where: (name for name, one in where.lock.machines.items() if one.retired))


def pve_nodes(ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """PVE nodes."""
    return _beginning(ctx, incomplete, lambda where: (node.name for node in where.plan.proxmox.nodes))


def _beginning(ctx: click.Context, incomplete: str, names: Callable[[Workspace], Iterable[str]]) -> list[str]:
    from stardock.errors import StardockError  # noqa: PLC0415 -- pydantic: not for --help
    from stardock.workspace.files import find_cluster_file  # noqa: PLC0415
    from stardock.workspace.workspace import open_workspace  # noqa: PLC0415

    try:
        where = open_workspace(find_cluster_file(ctx.params.get("file")))
    except (StardockError, OSError):
        return []  # a line that is being typed is no place for a message
    return [name for name in names(where) if name.startswith(incomplete)]
