"""Which file is which: everything that belongs to a cluster lies beside its cluster.yaml and shares its stem."""

from __future__ import annotations

import os
import re
import stat
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


def read_file(path: Path, *, what: str, most: int, cure: str) -> bytes | None:
    """Read a file of at most so many bytes; None when there is none. `what` it is, and the `cure`, are for messages.

    `InputErrors` for one that cannot be read, and for what would never end: a device, a pipe.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        if path.is_symlink():
            raise _unreadable(path, f"{what} is a symbolic link to nothing", cure) from None
        return None
    except OSError as error:
        raise _unreadable(path, f"{what} cannot be read: {error.strerror}", "name a file that you may read") from None
    try:
        _refuse_endless(path, os.fstat(descriptor), what, most, cure)
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(most)
    finally:
        os.close(descriptor)


def _refuse_endless(path: Path, status: os.stat_result, what: str, most: int, cure: str) -> None:
    if not stat.S_ISREG(status.st_mode):
        kind = "Is a directory" if stat.S_ISDIR(status.st_mode) else "It is a device or a pipe"
        raise _unreadable(path, f"{what} cannot be read: {kind}", cure)
    if status.st_size > most:
        raise _unreadable(path, f"{what} has {status.st_size >> 20} MiB; {most >> 20} are the most", cure)


def _unreadable(path: Path, message: str, cure: str) -> InputErrors:
    return InputErrors(str(path), (Problem(message, cure=cure),))


#: What git leaves where two branches changed the same lines.
_CONFLICT = re.compile(r"^(?:<{7}|>{7})(?=[ \r\n]|\Z)", re.MULTILINE)


def conflict_line(text: str) -> int | None:
    """The 1-based line of the first conflict mark of git's; None without any."""
    found = _CONFLICT.search(text)
    return text.count("\n", 0, found.start()) + 1 if found else None


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
