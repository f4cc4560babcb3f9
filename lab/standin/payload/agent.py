"""`rke2 agent`: enrolls at any server, then keeps its Node alive through whichever server answers."""

from __future__ import annotations

import json
import threading
from contextlib import suppress
from pathlib import Path

from . import credentials, https, machine, networks, passwords, systemd
from .children import Children
from .config import Config
from .join import Entrance, ForbiddenError, JoinError, enter
from .journal import FatalError, log
from .kube import Kube
from .kubelet import Kubelet
from .node import Heart
from .paths import Paths, write
from .supervisor import PORT

RETRY_SECONDS = 2.0
KUBELET_SECONDS = 5.0
REFRESH_BEATS = 3


class Agent:
    """One agent; `run` returns when `ending` is set."""

    def __init__(self, paths: Paths, config: Config, ending: threading.Event) -> None:
        if not config.text("server"):
            raise FatalError("--server is required")
        self._paths = paths
        self._url = config.text("server")
        self._token = credentials.required(config)
        self._ending = ending
        self._identity = machine.identity(config)
        self._children = Children(ending)  # none: only for its waiting
        self._kubelet = Kubelet(paths, config)
        self._cni = ""  # unknown while no server answers: a machine that was in the cluster has its CNI's file
        self._kube: Kube | None = None
        self._beats = 0

    def run(self) -> None:
        """Raises FatalError, StoppedError."""
        self._children.wait(f"{self._url} to hand out this node's certificate", self._enrolled, RETRY_SECONDS)
        context = https.trust(self._paths.agent / "server-ca.crt", self._paths.agent / "client-kubelet")
        self._kube = Kube(context, self._servers())
        self._children.wait(f"node {self._identity.name} to be registered", self._kubelet.start, KUBELET_SECONDS)
        if self._cni and self._kubelet.runs_pods():
            networks.install(self._paths, self._cni)
        heart = Heart(self._identity, self._kube, self._ending, self._kubelet, self._refresh)
        heart.start()
        self._children.wait(f"node {self._identity.name} to be registered", heart.registered.is_set)
        systemd.ready()
        log("info", "rke2 agent is up and running")
        self._children.wait_for_end()

    def _enrolled(self) -> bool:
        """Enroll at the first server that answers; a certificate from before does when none does."""
        entrance = self._entrance()
        if entrance is None:
            return bool(self._servers()) and (self._paths.agent / "client-kubelet.crt").is_file()
        try:
            self._save(entrance)
        except JoinError as error:
            log("info", f"Waiting to retrieve agent configuration; server is not ready: {error}")
            return False
        return True

    def _entrance(self) -> Entrance | None:
        urls = [*(f"https://{server}:{PORT}" for server in self._servers()), self._url]
        for url in dict.fromkeys(urls):
            try:
                return enter(url, self._token, "node")
            except JoinError as error:
                log("error", f"Failed to validate connection to cluster at {url}: {error}")
        return None

    def _save(self, entrance: Entrance) -> None:
        try:
            shared = entrance.config()
        except JoinError as error:
            raise JoinError(f"failed to retrieve configuration from server: {error}") from error
        networks.check_families(shared["cluster-cidr"], shared["service-cidr"], self._identity.addresses)
        self._cni = shared["cni"]
        pair, servers = self._certificate(entrance), entrance.apiservers()
        split = pair.index(b"-----BEGIN PRIVATE KEY")
        write(self._paths.agent / "server-ca.crt", entrance.authority)
        write(self._paths.agent / "client-kubelet.key", pair[split:])
        write(self._paths.agent / "client-kubelet.crt", pair[:split])
        self._remember(servers)

    def _certificate(self, entrance: Entrance) -> bytes:
        headers = {"rke2-Node-Name": self._identity.name, "rke2-Node-Password": passwords.own(self._paths)}
        try:
            return entrance.get("/v1-rke2/client-kubelet.crt", headers)
        except ForbiddenError as error:
            raise JoinError(passwords.REJECTED.format(self._paths.password)) from error

    def _refresh(self) -> None:
        """Now and then learn who the servers are: the balancer's address is for joining only."""
        self._beats += 1
        if self._kube is None or self._beats % REFRESH_BEATS:
            return
        entrance = self._entrance()
        if entrance is None:
            return
        with suppress(JoinError):
            servers = entrance.apiservers()
            self._remember(servers)
            self._kube.servers = servers

    def _remember(self, servers: list[str]) -> None:
        addresses = [f"{server}:{PORT}" for server in servers]
        write(self._list, json.dumps({"ServerURL": self._url, "ServerAddresses": addresses}) + "\n")

    def _servers(self) -> list[str]:
        if not self._list.is_file():
            return []
        return [str(address).rpartition(":")[0] for address in json.loads(self._list.read_text())["ServerAddresses"]]

    @property
    def _list(self) -> Path:
        return self._paths.agent / "etc/rke2-agent-load-balancer.json"
