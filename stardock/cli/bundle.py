"""`runner bundle`: the Ansible half as a directory of its own, or one file."""

from __future__ import annotations

from pathlib import Path

import click

from stardock.cli.told import FILE

_COMPRESSED = (".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.bz2", ".tbz2", ".tar.zst", ".tzst", ".zip")


@click.command()
@FILE
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The directory, or a file X.tar. [default: X.bundle beside X.yaml]")
def bundle(file: Path | None, output: Path | None) -> None:
    """Write the Ansible half as a directory, or one tar, that works on its own.

    Playbooks, inventory and host keys, without secrets: copied anywhere, `runner bootstrap BUNDLE` runs it, or nothing but
    ansible-core. Its README says how.
    """
    if output and output.name.endswith(_COMPRESSED):
        raise click.UsageError(f"a bundle is a directory, or a tar that is not compressed: name it {output.name.partition('.')[0]}.tar")
    from stardock.cli import bundle_view  # noqa: PLC0415 -- its work is not for --help

    bundle_view.bundle(file, output)
