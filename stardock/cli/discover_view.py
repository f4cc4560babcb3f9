"""What `runner discover` does and says."""

from __future__ import annotations

from pathlib import Path

from stardock.cli.told import say
from stardock.step import run, show
from stardock.verbs.discover import steps
from stardock.workspace.files import find_cluster_file


def discover(file: Path | None, timeout: float | None, *, dry_run: bool) -> None:
    """Run the steps, or show them."""
    found = steps(find_cluster_file(file), timeout, say)
    show(found, say) if dry_run else run(found, say)
