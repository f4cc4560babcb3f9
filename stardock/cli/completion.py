"""Names for the shell's completion (`_RUNNER_COMPLETE`, click's own), from the cluster file of the line; none where it cannot be read."""

from __future__ import annotations

import click

from stardock.errors import StardockError


def machines(ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Machines of the plan."""
    return _beginning(ctx, incomplete, "machines")


def retired(ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Machines that went, and whose values the lock still keeps."""
    return _beginning(ctx, incomplete, "retired")


def pve_nodes(ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """PVE nodes."""
    return _beginning(ctx, incomplete, "pve_nodes")


def _beginning(ctx: click.Context, incomplete: str, of: str) -> list[str]:
    from stardock.cli.names import names  # noqa: PLC0415 -- the commands that complete names import this module

    try:
        known = names(ctx.params.get("file"), of)
    except (StardockError, OSError):
        return []  # a line that is being typed is no place for a message
    return [name for name in known if name.startswith(incomplete)]
