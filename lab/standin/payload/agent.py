"""`rke2 agent`: enrolls at any server, then keeps its Node alive through whichever server answers."""

from __future__ import annotations

import threading
from contextlib import suppress

from . import https, machine, systemd
from .balancer import Balancer
from .children import Children
from .config import Config
from .enrolment import Enrolment
from .flavor import OURS
from .join import JoinError
from .journal import log
from .kube import Kube
from .nodes import Node, node_of
from .paths import Paths

RETRY_SECONDS = 2.0
REFRESH_BEATS = 3


class Agent:
    """One agent; `run` returns when `ending` is set."""

    def __init__(self, paths: Paths, config: Config, ending: threading.Event) -> None:
        self._paths = paths
        self._config = config
        self._ending = ending
        self._identity = machine.identity(config)
        self._enrolment = Enrolment(paths, config, self._identity)
        self._kube: Kube | None = None
        self._beats = 0

    def run(self) -> None:
        """Raises FatalError, StoppedError."""
        waiting = Children(self._ending)  # none, yet
        waiting.wait(f"{self._config.text('server')} to hand out this node's certificate", self._enrolment.is_done, RETRY_SECONDS)
        node = node_of(self._paths, self._config.beside(self._enrolment.shared()), self._identity, self._ending)
        try:
            self._start(node)
            node.children.wait_for_end()
        finally:
            node.children.stop()

    def _start(self, node: Node) -> None:
        registered = f"node {self._identity.name} to be registered"
        context = https.trust(self._paths.agent / "server-ca.crt", self._paths.agent / "client-kubelet")
        self._kube = Kube(context, self._enrolment.servers())
        if not node.emulated:
            Balancer(self._enrolment.servers).start()
        node.start(registered)
        node.install_network(str(self._enrolment.shared()["cni"]))
        node.join(registered, self._kube, self._refresh)
        systemd.ready()
        log("info", f"{OURS.name} agent is up and running")

    def _refresh(self) -> None:
        """Now and then learn who the servers are: the balancer's address is for joining only."""
        self._beats += 1
        if self._kube is None or self._beats % REFRESH_BEATS:
            return
        with suppress(JoinError):
            self._enrolment.renew_servers()
            self._kube.servers = self._enrolment.servers()
