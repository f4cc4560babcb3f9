"""The real programs that we run: started, kept up, and never outliving us."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from .journal import log

RESTART_SECONDS = 2.0
STOP_SECONDS = 5.0  # a kube-apiserver whose etcd lost its quorum would take far longer to end by itself


class StoppedError(Exception):
    """We were told to end while waiting for something."""


class Child:
    """One program in a session of its own. Start it from the main thread: the kernel ends it with the thread that started it."""

    def __init__(self, name: str, arguments: Sequence[str], logs: Path) -> None:
        self.name = name
        self._arguments = list(arguments)
        self._log = logs / f"{name}.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._ended = 0.0

    def start(self) -> None:
        """Start it; its output goes to its log file."""
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as output:
            command = ["setpriv", "--pdeathsig", "KILL", *self._arguments]
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True)
        log("info", f"Running {self.name}, output in {self._log}")

    def keep(self) -> None:
        """Start it again some time after it ended, as a kubelet does with a static pod."""
        if self._process is None or self._process.poll() is None:
            return
        if not self._ended:
            self._ended = time.monotonic()
            log("error", f"{self.name} ended with {self._process.returncode}; see {self._log}")
        elif time.monotonic() - self._ended > RESTART_SECONDS:
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


class Children:
    """All programs of this machine, and the event that ends them."""

    def __init__(self, ending: threading.Event) -> None:
        self.ending = ending
        self._children: list[Child] = []

    def run(self, child: Child) -> None:
        """Start a program and keep it from now on."""
        self._children.append(child)
        child.start()

    def wait(self, what: str, done: Callable[[], bool], every: float = 0.2) -> None:
        """Keep all programs up until `done`, asked each `every` seconds. Raises StoppedError."""
        log("info", f"Waiting for {what}")
        while not done():
            self._pause(every)

    def wait_for_end(self) -> None:
        """Keep all programs up until we are told to end."""
        while not self.ending.wait(1):
            self._keep()

    def stop(self) -> None:
        """End them, the last started first: an API without its store would only complain."""
        for child in reversed(self._children):
            child.stop()

    def _pause(self, seconds: float) -> None:
        self._keep()
        if self.ending.wait(seconds):
            raise StoppedError

    def _keep(self) -> None:
        for child in self._children:
            child.keep()
