"""`runner import`: clusters that others made."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any, TypeVar

import click

from stardock.cli.subcommands import Subcommands
from stardock.cli.told import file_option, say

if TYPE_CHECKING:
    from stardock.verbs.importing import Import, Wish

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
    from stardock.verbs.importing import Wish, import_starbase  # noqa: PLC0415 -- pydantic: not for --help
    from stardock.workspace.files import resolved  # noqa: PLC0415

    wish = Wish(directory=directory, cluster_file=resolved(file), cluster=name, **asked)
    made = import_starbase(wish)
    if wish.dry_run:
        click.echo(made.text)
    _tell(made)
    if made.problems:
        raise made.problems


def _tell(made: Import) -> None:
    """The notes, then what was written and what comes next."""
    from stardock.importers.notes import Kind  # noqa: PLC0415

    say(f"read: {', '.join(str(path) for path in (made.files.tfvars, made.files.custom, made.files.state) if path)}")
    for kind in Kind:
        notes = [f"  {note.place}{note.message}" for note in made.told(kind)]
        if notes:
            say("\n".join((f"\n{kind.value}:", *notes)))
    say("\n" + _result(made))


def _result(made: Import) -> str:
    file, lock = made.wish.cluster_file, made.wish.cluster_file.with_suffix(".lock")
    if made.wish.dry_run:
        return "nothing was written (--dry-run)"
    if made.lock is None:
        return f"{file} was written, its lock was not. Cure what follows, then: {_again(made.wish)} --lock-only"
    written = lock if made.wish.lock_only else f"{file} and {lock}"
    return f"{written} written. Next: runner plan; runner drift, which tells what the first deploy will change; runner deploy"


def _again(wish: Wish) -> str:
    """The command that was given, as far as it says what to read and what to write."""
    asked = {"-f": wish.cluster_file, "--name": wish.cluster, "--tfvars": wish.tfvars, "--custom": wish.custom, "--state": wish.state}
    options = [f"{name} {quote(str(value))}" for name, value in asked.items() if value]
    return " ".join(("runner import starbase", *options, quote(str(wish.directory))))
