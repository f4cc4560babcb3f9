"""Where a server's cluster comes from: made here, fetched from another server, or already on the disk."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from . import credentials, pki
from .apiserver import CLUSTER_CIDR, DOMAIN, SERVICE_CIDR
from .config import Config
from .join import Entrance, JoinError, enter
from .journal import FatalError, log
from .paths import Paths, write

# Settings that must be equal on all servers, with their defaults (the marked ones of the flag table).
CRITICAL = {
    "cluster-cidr": CLUSTER_CIDR, "service-cidr": SERVICE_CIDR, "cluster-dns": "10.43.0.10", "cluster-domain": DOMAIN,
    "disable-cloud-controller": "false", "disable-kube-proxy": "false", "egress-selector-mode": "agent",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Origin:
    """`entrance` is set for a joiner only."""

    entrance: Entrance | None


def critical(config: Config) -> dict[str, str]:
    """This server's share of the settings that all must have; the agent token only as a hash."""
    values = {key: ",".join(config.items(key, (default,))) for key, default in CRITICAL.items()}
    return {**values, "agent-token": hashlib.sha256(config.secret("agent-token").encode()).hexdigest()}


def find(paths: Paths, config: Config) -> Origin:
    """Get hold of the cluster's authorities: `server:` counts only while there is no etcd data. Raises FatalError."""
    paths.server.mkdir(mode=0o700, parents=True, exist_ok=True)
    if paths.has_etcd_data():
        if not paths.tls.is_dir():
            raise FatalError(f"{paths.etcd} holds data, but {paths.tls} is gone")
        return Origin(None)
    if config.text("server"):
        return Origin(_fetch(paths, config))
    if not paths.tls.is_dir():
        log("info", "Making the authorities of a new cluster")
        pki.make_cluster(paths.tls)
    return Origin(None)


def _fetch(paths: Paths, config: Config) -> Entrance:
    try:
        entrance = enter(config.text("server"), credentials.required(config), "server")
        found = entrance.bootstrap()
    except JoinError as error:
        raise FatalError(f"starting kubernetes: preparing server: {error}") from error
    _compare(critical(config), found["critical"])
    for name, content in found["files"].items():
        write(paths.tls / name, content)
    return entrance


def _compare(ours: dict[str, str], theirs: dict[str, str]) -> None:
    different = sorted(key for key, value in ours.items() if theirs.get(key) != value)
    if different:
        raise FatalError(f"critical configuration value mismatch between servers: {', '.join(different)}")
