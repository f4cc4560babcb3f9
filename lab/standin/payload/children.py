"""The real programs that we run as static pods: started, kept up, their output in pods' logs, and never outliving us."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from .journal import log
from .kubelet import Kubelet
from .pods import NAMESPACE, Pod

RESTART_SECONDS = 2.0
TELL_SECONDS = 30.0
STOP_SECONDS = 5.0  # a kube-apiserver whose etcd lost its quorum would take far longer to end by itself


class StoppedError(Exception):
    """We were told to end while waiting for something."""


class Child:
    """One program in a session of its own. Start it from the main thread: the kernel ends it with the thread that started it."""

    def __init__(self, pod: Pod, arguments: Sequence[str], kubelet: Kubelet) -> None:
        self._pod = pod
        self._arguments = list(arguments)
        self._kubelet = kubelet
        self._process: subprocess.Popen[bytes] | None = None
        self._ended = 0.0

    def start(self) -> None:
        """Start it; its output goes to its pod's log, as the journal never hears of it."""
        command = ["setpriv", "--pdeathsig", "KILL", *self._arguments]
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
        )
        if self._process.stdout is not None:
            self._pod.keep_output(self._process.stdout)

    def keep(self) -> None:
        """Start it again some time after it ended, as a kubelet does with a static pod."""
        if self._process is None or self._process.poll() is None:
            return
        if not self._ended:
            self._ended = time.monotonic()
            self._complain()
        elif time.monotonic() - self._ended > RESTART_SECONDS:
            self._ended = 0.0
            self.start()

    def _complain(self) -> None:
        name, pod = self._pod.name, self._pod.full_name
        back_off = f"back-off {RESTART_SECONDS:.0f}s restarting failed container={name} pod={pod}_{NAMESPACE}({self._pod.uid})"
        words = f'failed to "StartContainer" for "{name}" with CrashLoopBackOff: "{back_off}"'
        self._kubelet.say(
            "E", "pod_workers.go:1324", "Error syncing pod, skipping", err=words, pod=f"{NAMESPACE}/{pod}", podUID=self._pod.uid
        )

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


class Kept(Protocol):
    """Something that runs: a static pod's program, or one of the host."""

    def start(self) -> None:
        """Start it."""

    def keep(self) -> None:
        """Start it again when it has ended."""

    def stop(self) -> None:
        """End it."""


class Children:
    """All programs of this machine, and the event that ends them."""

    def __init__(self, ending: threading.Event) -> None:
        self.ending = ending
        self._children: list[Kept] = []

    def run(self, child: Kept) -> None:
        """Start a program and keep it from now on."""
        self._children.append(child)
        child.start()

    def wait(self, what: str, done: Callable[[], bool], every: float = 0.2) -> None:
        """Keep all programs up until `done`, asked each `every` seconds; `what` is told every half minute. Raises StoppedError."""
        told = -TELL_SECONDS
        while not done():
            if time.monotonic() - told >= TELL_SECONDS:
                log("info", f"Waiting for {what}")
                told = time.monotonic()
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
