"""Where a server's cluster comes from: made here, fetched from another server, or already on the disk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from . import credentials, encryption, pki, tokens
from .config import Config
from .flavor import OURS
from .join import Entrance, JoinError, enter
from .journal import FatalError, log
from .networks import chosen
from .paths import Paths, write

FAILED = "Error: preparing server: failed to bootstrap cluster data: "


@dataclass(frozen=True, slots=True)
class Origin:
    """`entrance` is set for a joiner only."""

    entrance: Entrance | None


def shared(config: Config) -> dict[str, Any]:
    """What this server tells of its configuration: the critical settings, each a list of texts, and the CNI, which agents wait for."""
    values: dict[str, Any] = {key: list(config.items(key, (default,))) for key, default in OURS.critical.items()}
    return {**values, "cni": chosen(config)}


def find(paths: Paths, config: Config) -> Origin:
    """Get hold of the cluster's authorities: `server:` counts only while there is no etcd data. Raises FatalError."""
    paths.server.mkdir(mode=0o700, parents=True, exist_ok=True)
    if paths.has_etcd_data():
        if not paths.tls.is_dir():
            raise FatalError(f"{paths.etcd} holds data, but {paths.tls} is gone")
        return Origin(None)
    if config.text("server"):
        return Origin(_fetch(paths, config))
    if OURS.other_datastore and not config.flag("cluster-init"):
        raise FatalError(f"without cluster-init and server the data are in {OURS.other_datastore}, which the stand-in has not")
    if not paths.tls.is_dir():
        log("info", "Making the authorities of a new cluster")
        encryption.make(paths, config)
        pki.make_cluster(paths.tls)
    return Origin(None)


def _fetch(paths: Paths, config: Config) -> Entrance:
    """As a server at the door: the settings are compared now and never again (k3s, pkg/cluster/bootstrap.go)."""
    url, token = config.text("server"), credentials.required(config)
    try:
        entrance = enter(url, token, "server")
    except JoinError as error:
        raise FatalError(f"{FAILED}failed to check if bootstrap data has been initialized: failed to validate token: {error}") from error
    _compare(config, url, tokens.parse(config.secret("agent-token")) if config.secret("agent-token") else token)
    try:
        found = entrance.bootstrap()
    except JoinError as error:
        raise FatalError(f"{FAILED}{error}") from error
    for name, content in found["files"].items():
        write(paths.tls / name, content)
    encryption.keep(paths, found["encryption"])
    return entrance


def _compare(config: Config, url: str, token: tokens.Token) -> None:
    """Asked as an agent: with another agent-token than theirs, nothing is compared."""
    try:
        theirs = enter(url, token, "node").config()
    except JoinError as error:
        log("warning", f"Skipping cluster configuration validation: {error}")
        return
    ours = shared(config)
    different = sorted(key for key in OURS.critical if theirs.get(key) != ours[key])
    for key in different:
        log("warning", f"critical configuration mismatched: {key}")
    if different:
        raise FatalError(f"{FAILED}failed to validate server configuration: critical configuration value mismatch between servers")
