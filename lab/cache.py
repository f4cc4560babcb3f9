"""Where the things lie that outlive a lab: images, packages, built tools. One folder for all checkouts of a user."""

from __future__ import annotations

import os
from pathlib import Path

#: file name inside a machine -> path below the cache's tools folder, as tools/install leaves it (`go install` names etcd `server`)
TOOLS = {
    "etcd": "etcd/current/bin/server",
    "etcdctl": "etcd/current/bin/etcdctl",
    "kube-apiserver": "kubernetes/current/bin/kube-apiserver",
    "kubectl": "kubernetes/current/bin/kubectl",
}


def cache_root() -> Path:
    """`$STARDOCK_CACHE`, else `$XDG_CACHE_HOME/stardock`, else `~/.cache/stardock`: the rule that tools/install follows too."""
    own = os.environ.get("STARDOCK_CACHE")
    if own:
        return Path(own)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "stardock"


def built_tools() -> dict[str, Path]:
    """The tools that machines see below /opt/stardock-lab/bin, those that are built: name -> file."""
    folder = cache_root() / "tools"
    return {name: (folder / path).resolve() for name, path in TOOLS.items() if (folder / path).exists()}
