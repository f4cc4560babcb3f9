"""Kubeconfigs of Kubernetes' own programs: certificates by the names of their files."""

from __future__ import annotations

import json
from pathlib import Path


def kubeconfig(server: str, authority: Path, stem: Path) -> str:
    """The text for a program that shows `stem`.crt and .key (JSON is YAML)."""
    return json.dumps({
        "apiVersion": "v1", "kind": "Config", "current-context": "Default",
        "clusters": [{"name": "local", "cluster": {"server": server, "certificate-authority": str(authority)}}],
        "users": [{"name": "user", "user": {"client-certificate": f"{stem}.crt", "client-key": f"{stem}.key"}}],
        "contexts": [{"name": "Default", "context": {"cluster": "local", "namespace": "default", "user": "user"}}],
    }) + "\n"  # fmt: skip
