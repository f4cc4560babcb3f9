"""A cluster.yaml and its lock that an import makes: written together, and over nothing that is there unless a person says so."""

from __future__ import annotations

from stardock.errors import RefusedError
from stardock.model.cluster_files import ClusterFiles
from stardock.model.lock import Lock
from stardock.workspace.lock import save_lock
from stardock.writing import write_atomically


def refuse_overwriting(files: ClusterFiles, *, lock_only: bool, overwrite: bool) -> None:
    """Raise RefusedError for files that would be lost, and for a cluster that has machines already."""
    if lock_only and not files.spec.is_file():
        raise RefusedError(f"{files.spec} is not there, and --lock-only makes its lock", cure="leave --lock-only out")
    written = [files.lock] if lock_only else [files.spec, files.lock]
    there = [str(path) for path in written if path.exists()]
    if there and not overwrite:
        raise RefusedError(f"{' and '.join(there)} would be overwritten", cure="say --overwrite, or name another file with -f")
    if files.state.exists():
        cure = "its lock holds what these machines have; for another cluster name another file with -f"
        raise RefusedError(f"{files.state} shows that Stardock has machines here already", cure=cure)


def write_cluster(files: ClusterFiles, text: str | None, lock: Lock | None) -> None:
    """Write both; without `text` cluster.yaml stays as it is, and without `lock` a new text has none."""
    if text is not None:
        write_atomically(files.spec, text)
    if lock is not None:
        save_lock(files.lock, lock)
    elif text is not None:
        files.lock.unlink(missing_ok=True)  # of the file that was overwritten: it does not fit this one
