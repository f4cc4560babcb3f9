"""What `runner bundle` does and says."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path

from stardock.bundle import write_bundle
from stardock.bundle.archive import SUFFIX, packed, read_bundle
from stardock.cli.told import say
from stardock.errors import RefusedError
from stardock.workspace.files import find_cluster_file
from stardock.workspace.workspace import Workspace, open_workspace
from stardock.writing import PUBLIC, write_bytes


def bundle(file: Path | None, output: Path | None) -> None:
    """Write the directory or the tar, and say where it is."""
    workspace = open_workspace(find_cluster_file(file))
    target = output or workspace.files.bundle
    number = len(workspace.plan.members)
    what = f"{target}: {number} machine{'' if number == 1 else 's'}"
    if target.name.endswith(SUFFIX):
        digest = _write_tar(workspace, target)
        say(f"{what}, sha256 {digest}; run it with: runner bootstrap {target}")
        return
    write_bundle(workspace.plan, workspace.facts, target)
    say(f"{what}; {target / 'README.md'} says how to run it")


def _write_tar(workspace: Workspace, target: Path) -> str:
    """One file; its sha256. The same plan and facts give the same bytes."""
    if target.is_dir():
        raise RefusedError(f"{target} is a directory", cure="name a file that ends in .tar, or a directory that does not")
    with tempfile.TemporaryDirectory(prefix="stardock-") as folder:
        directory = Path(folder) / "bundle"
        write_bundle(workspace.plan, workspace.facts, directory)
        data = packed(read_bundle(directory), f"{workspace.plan.cluster}.bundle")
    write_bytes(target, data, mode=PUBLIC)
    return hashlib.sha256(data).hexdigest()
