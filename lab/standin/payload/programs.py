"""Programs that the service starts, keeps up and takes with it."""

from __future__ import annotations

import os
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path

from .journal import log
from .paths import Paths

STOP_SECONDS = 5.0  # a kube-apiserver whose etcd lost its quorum would take far longer to end by itself


def environment(paths: Paths) -> dict[str, str]:
    """For programs that start others: the distribution's own folder is before the system's (rke2, pkg/bootstrap; k3s, cmd/k3s/main.go).

    What the service was told of a proxy, they are told (k3s, pkg/agent/containerd `Run`; of static pods rke2, pkg/staticpod `pod`).
    """
    told = {name: value for name, value in os.environ.items() if "proxy" in name.lower()}
    return {**told, "PATH": f"{paths.programs}:{paths.tools}:/usr/sbin:/usr/bin:/sbin:/bin", "KUBERNETES_RELEASE": paths.version}


class Program(ABC):
    """One program in a session of its own, started again `pause` seconds after it ended; the kernel ends it with us (k3s, addDeathSig).

    Start it from the main thread: the kernel's signal is the thread's.
    """

    def __init__(self, command: Sequence[str], pause: float) -> None:
        self._command = ["setpriv", "--pdeathsig", "KILL", *command]
        self._pause = pause
        self._process: subprocess.Popen[bytes] | None = None
        self._ended = 0.0

    def start(self) -> None:
        """Start it."""
        self._process = self._started(self._command)

    def keep(self) -> None:
        """Start it again some time after it ended."""
        if self._process is None or self._process.poll() is None:
            return
        if not self._ended:
            self._ended = time.monotonic()
            self._tell()
        elif time.monotonic() - self._ended > self._pause:
            self._ended = 0.0
            self.start()

    def stop(self) -> None:
        """End it: asked first, then at once."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    @abstractmethod
    def _started(self, command: Sequence[str]) -> subprocess.Popen[bytes]:
        """Begin the process, with its output where it belongs."""

    @abstractmethod
    def _tell(self) -> None:
        """Say that it ended."""


class HostProgram(Program):
    """A program of the host: its output is appended to a file. `words` are logged when it ends, with its status in place of {}."""

    def __init__(self, command: Sequence[str], output: Path, pause: float, variables: Mapping[str, str], words: str) -> None:
        super().__init__(command, pause)
        self._output = output
        self._variables = dict(variables)
        self._words = words

    def _started(self, command: Sequence[str]) -> subprocess.Popen[bytes]:
        self._output.parent.mkdir(parents=True, exist_ok=True)
        with self._output.open("ab") as output:
            return subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True, env=self._variables
            )

    def _tell(self) -> None:
        log("error", self._words.format(f"exit status {self._process.returncode if self._process else 0}"))
