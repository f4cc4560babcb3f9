"""Programs of the host that the service starts, keeps up and takes with it."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from .journal import log
from .paths import Paths

STOP_SECONDS = 5.0


def environment(paths: Paths) -> dict[str, str]:
    """For programs that start others: RKE2 puts its own folder before the system's (pkg/bootstrap, BinDir)."""
    return {"PATH": f"{paths.tools}:/usr/sbin:/usr/bin:/sbin:/bin", "KUBERNETES_RELEASE": paths.version}


class Program:
    """One program, in a session of its own; the kernel ends it with us (k3s, pkg/agent/containerd: addDeathSig).

    `words` are logged when it ends, with its status in place of {}. Start it from the main thread: the kernel's signal is the thread's.
    """

    def __init__(self, command: Sequence[str], output: Path, pause: float, variables: Mapping[str, str], words: str) -> None:
        self._command = ["setpriv", "--pdeathsig", "KILL", *command]
        self._output = output
        self._pause = pause
        self._variables = dict(variables)
        self._words = words
        self._process: subprocess.Popen[bytes] | None = None
        self._ended = 0.0

    def start(self) -> None:
        """Start it; its output is appended to its log."""
        self._output.parent.mkdir(parents=True, exist_ok=True)
        with self._output.open("ab") as output:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True, env=self._variables
            )

    def keep(self) -> None:
        """Start it again some time after it ended."""
        if self._process is None or self._process.poll() is None:
            return
        if not self._ended:
            self._ended = time.monotonic()
            log("error", self._words.format(f"exit status {self._process.returncode}"))
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
