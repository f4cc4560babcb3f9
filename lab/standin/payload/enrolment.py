"""How an agent gets what its node needs from any server that answers, and who the servers are."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import credentials, networks, passwords
from .certificates import SHARED
from .config import Config
from .flavor import OURS
from .join import Entrance, ForbiddenError, JoinError, enter
from .journal import FatalError, log
from .node import Identity
from .paths import Paths, write

#: certificates that every machine has, by the names of their files. The first two are the machine's own: a server that knows it by another
#: password hands out neither (k3s, pkg/agent/config: getServingCert, getNodeNamedHostFile)
PAIRS = ("client-kubelet", "serving-kubelet", *SHARED)
PORT = OURS.supervisor_port


class Enrolment:
    """What this machine knows of its cluster; it lies in the agent's folder, so that a restart needs no server."""

    def __init__(self, paths: Paths, config: Config, identity: Identity) -> None:
        if not config.text("server"):
            raise FatalError("--server is required")
        self._paths = paths
        self._url = config.text("server")
        self._token = credentials.required(config)
        self._identity = identity

    def is_done(self) -> bool:
        """Enroll at the first server that answers; what is there from before does when none does."""
        entrance = self._entrance()
        if entrance is None:
            return bool(self.servers()) and self._cluster.is_file()
        try:
            self._save(entrance)
        except JoinError as error:
            log("info", f"Waiting to retrieve agent configuration; server is not ready: {error}")
            return False
        return True

    def shared(self) -> Mapping[str, Any]:
        """The servers' settings that every machine has alike (`cluster.shared`)."""
        found: Mapping[str, Any] = json.loads(self._cluster.read_text())
        return found

    def renew_servers(self) -> None:
        """Ask who the servers are now. Raises JoinError."""
        entrance = self._entrance()
        if entrance is not None:
            self._remember(entrance.apiservers())

    def servers(self) -> list[str]:
        """The addresses of the servers, as far as known."""
        if not self._list.is_file():
            return []
        return [str(address).rpartition(":")[0] for address in json.loads(self._list.read_text())["ServerAddresses"]]

    def _entrance(self) -> Entrance | None:
        urls = [*(f"https://{server}:{PORT}" for server in self.servers()), self._url]
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
        pairs, servers = {stem: self._pair(entrance, stem) for stem in PAIRS}, entrance.apiservers()
        write(self._paths.agent / "client-ca.crt", entrance.get(f"{OURS.routes}/client-ca.crt"))
        write(self._paths.agent / "server-ca.crt", entrance.authority)
        for stem, pair in pairs.items():
            split = pair.index(b"-----BEGIN PRIVATE KEY")
            write(self._paths.agent / f"{stem}.key", pair[split:])
            write(self._paths.agent / f"{stem}.crt", pair[:split])
        write(self._cluster, json.dumps(shared) + "\n")
        self._remember(servers)

    def _pair(self, entrance: Entrance, stem: str) -> bytes:
        headers = {
            f"{OURS.name}-Node-Name": self._identity.name, f"{OURS.name}-Node-Password": passwords.own(self._paths),
            f"{OURS.name}-Node-IP": ",".join(self._identity.addresses),
        }  # fmt: skip
        try:
            return entrance.get(f"{OURS.routes}/{stem}.crt", headers)
        except ForbiddenError as error:
            raise JoinError(passwords.REJECTED.format(self._paths.password)) from error

    def _remember(self, servers: list[str]) -> None:
        addresses = [f"{server}:{PORT}" for server in servers]
        write(self._list, json.dumps({"ServerURL": self._url, "ServerAddresses": addresses}) + "\n")

    @property
    def _cluster(self) -> Path:
        return self._paths.agent / "etc/cluster.json"

    @property
    def _list(self) -> Path:
        return self._paths.agent / f"etc/{OURS.name}-agent-load-balancer.json"
