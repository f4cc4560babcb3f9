"""What `runner bootstrap` does and says; its work is `stardock.verbs.bootstrap`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from stardock.cli.endings import bootstrap_ending, expectation
from stardock.cli.progress_view import view
from stardock.cli.told import printable, say
from stardock.model.jump import Jump
from stardock.playbooks.bootstrap import Options
from stardock.playbooks.silent import partial_error
from stardock.playbooks.subject import OfBundle, OfWorkspace
from stardock.spec.jumps import is_jump, jump_of
from stardock.step import show
from stardock.verbs import bootstrap as work
from stardock.workspace.bundles import known_facts, open_bundle
from stardock.workspace.files import find_cluster_file
from stardock.workspace.workspace import open_workspace


def bootstrap(file: Path | None, *, dry_run: bool, via: str | None, **asked: Any) -> None:
    """Run the steps, or show them; `asked` are the fields of `Options`."""
    options = Options(via=_host(via), **asked)
    cluster_file = find_cluster_file(file)
    where = open_workspace(cluster_file)
    if dry_run:
        show(work.steps(options, where, say), say)
        return
    work.check(where, options)
    say(expectation(OfWorkspace(where)))
    with view() as progress:
        done = work.bootstrap(cluster_file, options, progress, say)
    _end(done)


def from_bundle(path: Path, *, dry_run: bool, via: str | None, **asked: Any) -> None:
    """The same from a bundle."""
    options = Options(via=_host(via), **asked)
    bundle = open_bundle(path)
    subject = OfBundle(bundle, known_facts(bundle))
    if dry_run:
        show(work.steps(options, None, say), say)
        return
    work.check_bundle(subject, options)
    say(expectation(subject))
    with view() as progress:
        done = work.from_bundle(bundle, options, progress, say)
    _end(done)


def _host(text: str | None) -> Jump | None:
    """What --via names. A UsageError for what is no host."""
    host = jump_of(text) if text and is_jump(text) else None
    if text is not None and host is None:
        raise click.UsageError(f"--via {printable(text)}: write user@host:port; user and port may be left to ~/.ssh/config")
    return host


def _end(done: work.Done) -> None:
    for line in bootstrap_ending(done):
        say(line)
    if done.missing:
        raise partial_error(done.missing, None if done.options.check else done.files.log)
