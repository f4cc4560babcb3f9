"""What `runner bundle` does and says."""

from __future__ import annotations

from pathlib import Path

from stardock.bundle import write_bundle
from stardock.cli.told import say
from stardock.workspace.files import find_cluster_file
from stardock.workspace.workspace import open_workspace


def bundle(file: Path | None, output: Path | None) -> None:
    """Write the directory, and say where it is."""
    workspace = open_workspace(find_cluster_file(file))
    directory = output or workspace.files.bundle
    write_bundle(workspace.plan, workspace.facts, directory)
    number = len(workspace.plan.machines)
    say(f"{directory}: {number} machine{'' if number == 1 else 's'}; {directory / 'README.md'} says how to run it")
