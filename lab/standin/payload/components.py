"""How a server runs its components: as static pods, or as parts of its service, which speak in its journal and take it with them.

Facts of k3s: pkg/daemons/executor/embed.go (all of them run in its process, and the end of one is its own: `... exited`). Here
they are programs of their own, under the same rules.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from typing import Protocol

from .children import Children
from .journal import FatalError
from .paths import Paths
from .programs import Program, environment


class Components(Protocol):
    """How etcd, the API and what belongs to it are run on a server."""

    def run(self, name: str, command: Sequence[str], instead: Sequence[str] = ()) -> None:
        """Run one; where `instead` is given, that is run in its place, under its name."""

    def forget(self, name: str) -> None:
        """Take one away."""


class Part(Program):
    """One component."""

    def __init__(self, paths: Paths, name: str, command: Sequence[str]) -> None:
        super().__init__(command, 0)
        self._name = name
        self._variables = environment(paths)

    def _started(self, command: Sequence[str]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True, env=self._variables)

    def _tell(self) -> None:
        raise FatalError(f"{self._name} exited: exit status {self._process.returncode if self._process else 0}")


class Parts:
    """Implements `Components`."""

    def __init__(self, paths: Paths, children: Children) -> None:
        self._paths = paths
        self._children = children

    def run(self, name: str, command: Sequence[str], instead: Sequence[str] = ()) -> None:
        """As `Components` says."""
        self._children.run(Part(self._paths, name.removeprefix("kube-"), instead or command))

    def forget(self, name: str) -> None:
        """As `Components` says: they have ended with the service."""
