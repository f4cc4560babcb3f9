"""The part of a controller manager that the stand-in has: on the server whose etcd leads, in one thread."""

from __future__ import annotations

import threading

from . import endpoints, passwords
from .etcd import Etcd, EtcdError
from .flavor import OURS
from .journal import log
from .kube import Kube, KubeError
from .lifecycle import Lifecycle
from .members import Members
from .paths import Paths

PAUSE_SECONDS = 1.0


class Overseer:
    """Runs on every server and acts on the one whose etcd is the raft leader: that is our leader election.

    `judges` says whether it marks silent Nodes, which is a real controller manager's work where there is one.
    """

    def __init__(self, paths: Paths, kube: Kube, ending: threading.Event, *, judges: bool) -> None:
        self._etcd = Etcd(paths)
        self._ending = ending
        self._members = Members(paths, kube)
        self._lifecycle = Lifecycle(kube)
        self._kube = kube
        self._judges = judges
        self._told = ""

    def start(self) -> None:
        """Begin; ends with `ending`."""
        threading.Thread(target=self._run, name="overseer", daemon=True).start()

    def _run(self) -> None:
        while not self._ending.wait(PAUSE_SECONDS):
            try:
                self._look()
                self._told = ""
            except (EtcdError, KubeError) as error:
                self._tell(str(error))

    def _tell(self, trouble: str) -> None:
        """Once, not every second: the journal is for the real one's words."""
        if trouble != self._told:
            log("warning", f"Overseer: {trouble}")
        self._told = trouble

    def _look(self) -> None:
        status = self._etcd.status()
        if status.id != status.leader:
            self._lifecycle.forget()
            return
        members = self._etcd.members()
        self._members.promote(members)
        self._members.remove_deleted(members)
        self._members.show_voters(members)
        if OURS.one_port:
            endpoints.tell(self._kube, members)
        if self._judges:
            self._lifecycle.judge()
        passwords.tidy(self._kube)
