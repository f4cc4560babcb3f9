"""What `runner deploy` does and says; its steps are `stardock.verbs.deploy`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from stardock.cli.endings import deploy_ending
from stardock.cli.told import say
from stardock.step import show
from stardock.terraform.run import Options, Run
from stardock.verbs import deploy as work
from stardock.workspace.files import find_cluster_file
from stardock.workspace.workspace import open_workspace


def deploy(
    file: Path | None, replace: tuple[str, ...], accept_loss: tuple[str, ...], *, dry_run: bool, yes: bool, timeout: float | None
) -> None:
    """Run the steps, or show them."""
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
