"""`runner bundle`: the Ansible half as a directory of its own."""

from __future__ import annotations

from pathlib import Path

import click

from stardock.cli.told import FILE, say


@click.command()
@FILE
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The directory. [default: X.bundle beside X.yaml]")
def bundle(file: Path | None, output: Path | None) -> None:
    """Write the Ansible half as a directory that works on its own.

    Playbooks, inventory and host keys, without secrets: copied anywhere, it runs with nothing but ansible-core. Its README says how.
    """
    from stardock.bundle import write_bundle  # noqa: PLC0415 -- pydantic: not for --help
    from stardock.workspace.files import find_cluster_file  # noqa: PLC0415
    from stardock.workspace.workspace import open_workspace  # noqa: PLC0415

    workspace = open_workspace(find_cluster_file(file))
    directory = output or workspace.files.bundle
    write_bundle(workspace.plan, workspace.facts, directory)
    number = len(workspace.plan.machines)
    say(f"{directory}: {number} machine{'' if number == 1 else 's'}; {directory / 'README.md'} says how to run it")
