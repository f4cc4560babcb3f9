"""What `runner bootstrap` does and says; its work is `stardock.verbs.bootstrap`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from stardock.cli.endings import bootstrap_ending, expectation
from stardock.cli.progress_view import view
from stardock.cli.told import say
from stardock.playbooks.bootstrap import Options
from stardock.playbooks.silent import partial_error
from stardock.playbooks.subject import OfBundle, OfWorkspace
from stardock.step import show
from stardock.verbs import bootstrap as work
from stardock.workspace.bundles import known_facts, open_bundle
from stardock.workspace.files import find_cluster_file
from stardock.workspace.workspace import open_workspace


def bootstrap(file: Path | None, *, dry_run: bool, **asked: Any) -> None:
    """Run the steps, or show them; `asked` are the fields of `Options`."""
    options = Options(**asked)
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


def from_bundle(path: Path, *, dry_run: bool, **asked: Any) -> None:
    """The same from a bundle."""
    options = Options(**asked)
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


def _end(done: work.Done) -> None:
    for line in bootstrap_ending(done):
        say(line)
    if done.missing:
        raise partial_error(done.missing, None if done.options.check else done.files.log)
