"""`runner import`: clusters that others made."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from stardock.cli.subcommands import Subcommands
from stardock.cli.told import file_option

F = TypeVar("F", bound=Callable[..., Any])

_FILE = click.Path(path_type=Path, dir_okay=False, exists=True)
#: The command `import` is no name of Python's, its module neither.
_OPTIONS = (
    file_option(default=Path("cluster.yaml"), show_default=True, help="The file to write."),
    click.option("--name", default="starbase", show_default=True, help="The cluster's name, which never changes."),
    click.option("--tfvars", type=_FILE, help="Terraform's variables. [default: looked for below DIR]"),
    click.option("--custom", type=_FILE, help="Ansible's custom.yml. [default: looked for below DIR]"),
    click.option("--state", type=_FILE, help="starbase's terraform.tfstate. [default: looked for below DIR]"),
    click.option("--lock-only", is_flag=True, help="The file is there and stays: make its lock."),
    click.option("--overwrite", is_flag=True, help="Write over files that are there."),
    click.option("--dry-run", is_flag=True, help="Show the file and what is to be said of it; write nothing."),
)


def _options(function: F) -> F:
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


@click.group(name="import", cls=Subcommands)
def imports() -> None:
    """Take over a cluster that another tool made."""


@imports.command()
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path, exists=True, file_okay=False))
@_options
def starbase(directory: Path, file: Path, name: str, **asked: Any) -> None:
    """Write cluster.yaml and its lock for a starbase cluster.

    Reads terraform.tfvars and custom.yml in DIR; VM ids, PVE nodes, addresses and MACs are those of the VMs that exist, as Proxmox says
    (with PROXMOX_VE_API_TOKEN) or starbase's terraform.tfstate. Nothing is changed on Proxmox: `runner deploy` then takes the VMs over.
    """
    from stardock.cli import imports_view  # noqa: PLC0415 -- its work is not for --help

    imports_view.starbase(directory, file, name, **asked)
