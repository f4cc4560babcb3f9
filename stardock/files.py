"""Which file is which: everything that belongs to a cluster lies beside its cluster.yaml and shares its stem."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from stardock.errors import ConditionError, InputErrors, Problem

#: The cluster file where nothing else names one.
DEFAULT = "cluster.yaml"
#: Anyone may read what holds no secret.
PUBLIC = 0o644


def find_cluster_file(option: Path | None) -> Path:
    """The cluster.yaml: what `-f` names, else `STARDOCK_FILE`, else ./cluster.yaml. `InputErrors` when it is not there."""
    path = option or Path(os.environ.get("STARDOCK_FILE") or DEFAULT)
    if not path.is_file():
        cure = "name your cluster.yaml with -f FILE or STARDOCK_FILE; examples/quickstart/cluster.yaml is one to start from"
        raise InputErrors(str(path), (Problem(message="there is no such file", cure=cure),))
    return path


def write_atomically(path: Path, text: str, *, mode: int = PUBLIC) -> None:
    """Write a file so that a reader, or a crash in the middle, finds the old text or the new one, and never a wider mode than `mode`.

    `ConditionError` where it cannot be written: no right to, no room.
    """
    try:
        _replace(path, text, mode)
    except OSError as error:
        raise ConditionError(f"{path} cannot be written: {error.strerror}", cure=f"see to it that {path.parent} can be written") from error


def _replace(path: Path, text: str, mode: int) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # made 0600
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(mode)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@dataclass(frozen=True, slots=True)
class ClusterFiles:
    """`X.yaml` (spec) and its neighbours. Only the lock is committed by the user; see docs/files.md."""

    spec: Path

    def _beside(self, suffix: str) -> Path:
        return self.spec.with_name(self.spec.stem + suffix)

    @property
    def lock(self) -> Path:
        """What was allocated; committed."""
        return self._beside(".lock")

    @property
    def facts(self) -> Path:
        """What was observed."""
        return self._beside(".facts.json")

    @property
    def known_hosts(self) -> Path:
        """SSH host keys of the machines, in OpenSSH's format."""
        return self._beside(".known_hosts")

    @property
    def secrets(self) -> Path:
        """Cluster secrets, 0600; `STARDOCK_SECRETS` may name another file (`stardock.secrets`)."""
        return self._beside(".secrets.yaml")

    @property
    def state(self) -> Path:
        """Terraform state, 0600."""
        return self._beside(".tfstate")

    @property
    def kubeconfig(self) -> Path:
        """The admin's kubeconfig, 0600."""
        return self._beside(".kubeconfig")

    @property
    def bundle(self) -> Path:
        """The Ansible half: an ansible-runner private data directory without secrets."""
        return self._beside(".bundle")

    @property
    def run_lock(self) -> Path:
        """Held while a command changes this cluster; contains the pid."""
        return self._beside(".pid")

    @property
    def run(self) -> Path:
        """What a bootstrap works in, 0700; there only while one runs, or after one was killed until the next."""
        return self._beside(".run")

    @property
    def log(self) -> Path:
        """The full log of the last bootstrap."""
        return self._beside(".log")
