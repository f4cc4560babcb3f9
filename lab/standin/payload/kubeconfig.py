"""What people use on a server: the administrator's kubeconfig and kubectl."""

from __future__ import annotations

import base64
import json
from pathlib import Path

from .config import Config
from .flavor import API_PORT, OURS
from .journal import log
from .paths import Paths, write

FILE = f"{OURS.name}.yaml"
DEFAULT_MODE = "0600"


def write_kubeconfig(paths: Paths, config: Config) -> None:
    """Write the admin's kubeconfig, aimed at this machine (JSON is YAML)."""
    tls, name = paths.tls, "default"
    cluster = {"server": f"https://127.0.0.1:{API_PORT}", "certificate-authority-data": _encoded(tls / "server-ca.crt")}
    user = {"client-certificate-data": _encoded(tls / "client-admin.crt"), "client-key-data": _encoded(tls / "client-admin.key")}
    content = {
        "apiVersion": "v1", "kind": "Config", "preferences": {}, "current-context": name,
        "clusters": [{"name": name, "cluster": cluster}],
        "users": [{"name": name, "user": user}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
    }  # fmt: skip
    file = config.text("write-kubeconfig")
    target = Path(file) if file else paths.config / FILE
    write(target, json.dumps(content, indent=2) + "\n", _mode(config.text("write-kubeconfig-mode", DEFAULT_MODE)))


def _mode(text: str) -> int:
    """A wrong mode is told and does nothing, as in k3s."""
    try:
        return int(text, 8)
    except ValueError:
        log("error", f"Failed to set {FILE} to mode {text}: invalid syntax")
        return int(DEFAULT_MODE, 8)


def link_kubectl(paths: Paths) -> None:
    """Put kubectl where RKE2 puts it."""
    link = paths.data / "bin/kubectl"
    link.parent.mkdir(parents=True, exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(paths.tools / "kubectl")


def _encoded(file: Path) -> str:
    return base64.b64encode(file.read_bytes()).decode()
