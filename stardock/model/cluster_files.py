"""Which file is which: everything that belongs to a cluster lies beside its cluster.yaml and shares its stem."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

#: What to do where there is none.
NO_CLUSTER_FILE = "name your cluster.yaml with -f FILE or STARDOCK_FILE, or write a first one: runner init"


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
        """Cluster secrets, 0600; `STARDOCK_SECRETS` may name another file (`stardock.workspace.secrets`)."""
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

    @property
    def runs(self) -> Path:
        """The last runs of bootstrap, for `runner runs`."""
        return self._beside(".runs.json")

    @property
    def proof(self) -> Path:
        """What `runner prove` works in, a folder: its journal, its machines' own cluster.yaml, its reports."""
        return self._beside(".prove")
