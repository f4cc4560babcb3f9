"""The programs of a service: started, kept up, and never outliving it; where no kubelet is, static pods' too."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable, Sequence

from .journal import log
from .kubelet import Kubelet
from .pods import NAMESPACE, Pod
from .programs import Program

RESTART_SECONDS = 2.0
TELL_SECONDS = 30.0


class StoppedError(Exception):
    """We were told to end while waiting for something."""


class Child(Program):
    """A static pod's program where no kubelet runs it; its output goes to its pod's log, as the journal never hears of it."""

    def __init__(self, pod: Pod, command: Sequence[str], kubelet: Kubelet) -> None:
        super().__init__(command, RESTART_SECONDS)
        self._pod = pod
        self._kubelet = kubelet

    def _started(self, command: Sequence[str]) -> subprocess.Popen[bytes]:
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=pipe, stderr=subprocess.STDOUT, start_new_session=True)
        if process.stdout is not None:
            self._pod.keep_output(process.stdout)
        return process

    def _tell(self) -> None:
        """As a kubelet does of a static pod."""
        name, pod = self._pod.name, self._pod.full_name
        back_off = f"back-off {RESTART_SECONDS:.0f}s restarting failed container={name} pod={pod}_{NAMESPACE}({self._pod.uid})"
        words = f'failed to "StartContainer" for "{name}" with CrashLoopBackOff: "{back_off}"'
        self._kubelet.say(
            "E", "pod_workers.go:1324", "Error syncing pod, skipping", err=words, pod=f"{NAMESPACE}/{pod}", podUID=self._pod.uid
        )


class Children:
    """All programs of this machine, and the event that ends them."""

    def __init__(self, ending: threading.Event) -> None:
        self.ending = ending
        self._children: list[Program] = []

    def run(self, child: Program) -> None:
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
