"""`runner bundle`: the Ansible half as a directory of its own."""

from __future__ import annotations

from pathlib import Path

import click

from stardock.cli.told import FILE


@click.command()
@FILE
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The directory. [default: X.bundle beside X.yaml]")
def bundle(file: Path | None, output: Path | None) -> None:
    """Write the Ansible half as a directory that works on its own.

    Playbooks, inventory and host keys, without secrets: copied anywhere, it runs with nothing but ansible-core. Its README says how.
    """
    from stardock.cli import bundle_view  # noqa: PLC0415 -- its work is not for --help

    bundle_view.bundle(file, output)
