"""Where a bootstrap works and what it logs to: beside cluster.yaml; where it only asks, in a folder of its own that nothing else knows."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from stardock.model.cluster_files import ClusterFiles
from stardock.step import Say
from stardock.workspace.files import named_file
from stardock.workspace.private_directory import private_directory
from stardock.workspace.run_lock import only_asking, only_run
from stardock.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Workplace:
    """A directory that goes afterwards, and the log of the run."""

    directory: Path
    log: Path


def alone(files: ClusterFiles, say: Say, *, check: bool) -> contextlib.AbstractContextManager[str]:
    """Hold the cluster's run lock; what only asks, without writing that it does."""
    return only_asking(files.run_lock) if check else only_run(files.run_lock, say)


@contextlib.contextmanager
def workplace(files: ClusterFiles, *, check: bool) -> Iterator[Workplace]:
    """Make the place of a run. What only asks leaves the files of the cluster as they are, and its log where it failed."""
    if not check:
        with private_directory(files.run) as directory:
            yield Workplace(directory, files.log)
        return
    folder = Path(tempfile.mkdtemp(prefix="stardock-check-"))  # made 0700
    with private_directory(folder / "run") as directory:
        yield Workplace(directory, folder / files.log.name)
    shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def passing() -> Iterator[Workplace]:
    """A place of which nothing is left: its log is told by whoever looks into it."""
    with tempfile.TemporaryDirectory(prefix="stardock-") as folder, private_directory(Path(folder) / "run") as directory:
        yield Workplace(directory, Path(folder) / "log")


def private_key(workspace: Workspace) -> Path | None:
    """The key to the machines that cluster.yaml names; None where the SSH agent has it."""
    key = workspace.plan.ssh.private_key
    return named_file(workspace.files.spec.parent, key).resolve() if key else None


def key_variable(key: Path | None) -> dict[str, str]:
    """The variable that names it to Ansible."""
    return {"ansible_ssh_private_key_file": str(key)} if key else {}
