"""What `runner import` does and says."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import Any

import click

from stardock.cli.told import say
from stardock.importers.notes import Kind
from stardock.importers.starbase.imported import Import, Wish
from stardock.verbs.importing import import_starbase
from stardock.workspace.files import resolved


def starbase(directory: Path, file: Path, name: str, **asked: Any) -> None:
    """Import, and say what was read, what to know, and what comes next; `asked` are the other fields of `Wish`."""
    wish = Wish(directory=directory, cluster_file=resolved(file), cluster=name, **asked)
    made = import_starbase(wish)
    if wish.dry_run:
        click.echo(made.text)
    _tell(made)
    if made.problems:
        raise made.problems


def _tell(made: Import) -> None:
    """The notes, then what was written and what comes next."""
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
