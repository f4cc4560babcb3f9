"""`runner rebalance`: where machines would better be. Proposes by name; makes no move, and writes nothing."""

from __future__ import annotations

from pathlib import Path

import click

from stardock.cli.told import FILE


@click.command()
@FILE
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def rebalance(file: Path | None, form: str) -> None:
    """Propose moves between PVE nodes; makes none.

    Off PVE nodes that a machine may not use or that carry too much memory; servers and load balancers apart; then every role even.
    """
    from stardock.cli import rebalance_view  # noqa: PLC0415 -- its work is not for --help

    rebalance_view.rebalance(file, form)
