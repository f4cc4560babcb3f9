"""Secrets are encrypted in etcd: by RKE2 always, by k3s where `secrets-encryption` says so.

Facts of k3s: pkg/daemons/control/deps/deps.go (`genEncryptionConfigAndState`: one key of 32 bytes, then identity),
pkg/daemons/control/server.go (`apiServer`), pkg/daemons/config/types.go (the file is a part of what a joining server fetches).
"""

from __future__ import annotations

import base64
import json
import secrets
from pathlib import Path

from .config import Config
from .flavor import OURS
from .paths import Paths, write

PROVIDER = "aescbc"
KEY_BYTES = 32


def flags(paths: Paths, config: Config) -> dict[str, str]:
    """The API server's, and what it takes up while it runs."""
    if not _wanted(config):
        return {}
    return {"encryption-provider-config": str(_file(paths)), "encryption-provider-config-automatic-reload": "true"}


def make(paths: Paths, config: Config) -> None:
    """The founder's: once."""
    if _wanted(config) and not _file(paths).exists():
        keep(paths, _text(config.text("secrets-encryption-provider", PROVIDER)))


def kept(paths: Paths) -> str:
    """The file's text; empty where nothing is encrypted."""
    return _file(paths).read_text() if _file(paths).exists() else ""


def keep(paths: Paths, text: str) -> None:
    """Write what another server has."""
    if text:
        write(_file(paths), text)


def _wanted(config: Config) -> bool:
    return OURS.always_encrypts or config.flag("secrets-encryption")


def _file(paths: Paths) -> Path:
    return paths.server / "cred/encryption-config.json"


def _text(provider: str) -> str:
    key = {"name": f"{provider}key", "secret": base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()}
    resources = [{"resources": ["secrets"], "providers": [{provider: {"keys": [key]}}, {"identity": {}}]}]
    return json.dumps({"kind": "EncryptionConfiguration", "apiVersion": "apiserver.config.k8s.io/v1", "resources": resources})
