"""Which file is which: everything that belongs to a cluster lies beside its cluster.yaml and shares its stem."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from stardock.beside_link import refuse_beside_link
from stardock.errors import ConditionError, InputErrors, Problem

#: The cluster file where nothing else names one.
DEFAULT = "cluster.yaml"
#: What to do where there is none.
NO_CLUSTER_FILE = "name your cluster.yaml with -f FILE or STARDOCK_FILE, or write a first one: runner init"


def find_cluster_file(option: Path | None) -> Path:
    """The cluster.yaml: what `-f` names, else `STARDOCK_FILE`, else ./cluster.yaml. `InputErrors` when it is not there.

    A symbolic link stands for the file that it names: whatever a cluster is called by, it has one lock, one state and one run.
    `ConditionError` where files of a cluster lie beside the link.
    """
    path = option or Path(os.environ.get("STARDOCK_FILE") or DEFAULT)
    cure = NO_CLUSTER_FILE
    try:
        found = stat.S_IFMT(path.stat().st_mode)
    except FileNotFoundError:
        raise _no_file(path, "there is no such file", cure) from None
    except OSError as error:
        raise _no_file(path, f"the file cannot be read: {error.strerror}", cure) from None
    if found != stat.S_IFREG:
        raise _no_file(path, "this is a folder" if found == stat.S_IFDIR else "this is a device or a pipe, and no file", cure)
    real = resolved(path)
    refuse_beside_link(path, real)
    return real


def _no_file(path: Path, message: str, cure: str) -> InputErrors:
    return InputErrors(str(path), (Problem(message=message, cure=cure),))


def named_file(folder: Path, name: str) -> Path:
    """A file that cluster.yaml names: relative to its folder, absolute, or under ~. `ConditionError` where nobody knows what ~ is."""
    try:
        return folder / Path(name).expanduser()
    except RuntimeError as error:  # no HOME, and no entry in passwd; no such user
        raise ConditionError(
            f"{name}: this account's home directory is not known", cure="export HOME=FOLDER, or write the whole path"
        ) from error


def resolved(path: Path) -> Path:
    """The file itself, where symbolic links lead to it; else the path as it was given. Below the working directory: from there."""
    real = path.resolve()
    if real == Path(os.path.abspath(path)):  # noqa: PTH100 -- pathlib has none that only takes `..` out
        return path
    here = Path.cwd()
    return real.relative_to(here) if real.is_relative_to(here) else real


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
        """What a bootstrap or a hook works in, 0700; there only while one runs, or after one was killed until the next."""
        return self._beside(".run")

    @property
    def log(self) -> Path:
        """The full log of the last bootstrap."""
        return self._beside(".log")
