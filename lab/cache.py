"""Where the things lie that outlive a lab: images, packages, built tools. One folder for all checkouts of a user."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

#: path of a program inside a machine, below the lab's folder -> below the cache's tools folder, as tools/install leaves it (`go install`
#: names etcd `server`)
PROGRAMS = {
    "bin/etcd": "etcd/current/bin/server",
    "bin/etcdctl": "etcd/current/bin/etcdctl",
    "bin/front": "front/current/bin/front",
    "bin/kube-apiserver": "kubernetes/current/bin/kube-apiserver",
    "bin/kubectl": "kubernetes/current/bin/kubectl",
}
#: what makes a machine a node for real
NODE_PROGRAMS = {
    **{f"bin/{name}": f"kubernetes/current/bin/{name}" for name in ("kubelet", "kube-controller-manager", "kube-proxy", "kube-scheduler")},
    **{f"bin/{name}": f"containerd/current/bin/{name}" for name in ("containerd", "containerd-shim-runc-v2", "ctr")},
    **{f"bin/{name}": f"cni/current/bin/{name}" for name in ("bridge", "host-local", "loopback", "portmap")},
    "bin/flanneld": "flannel/current/bin/flannel",
    "bin/helm-controller": "helm-controller/current/bin/helm-controller",
}
#: what the images of real nodes are made from
IMAGE_PROGRAMS = {"coredns": "coredns/current/bin/coredns", "helm": "helm/current/bin/helm", "pause": "kubernetes/current/bin/pause"}


def cache_root() -> Path:
    """`$STARDOCK_CACHE`, else `$XDG_CACHE_HOME/stardock`, else `~/.cache/stardock`: the rule that tools/install follows too."""
    own = os.environ.get("STARDOCK_CACHE")
    if own:
        return Path(own)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "stardock"


def built(programs: Mapping[str, str]) -> dict[str, Path]:
    """Those of the programs that are built: path below the lab's folder in a machine -> file here."""
    folder = cache_root() / "tools"
    return {name: (folder / path).resolve() for name, path in programs.items() if (folder / path).exists()}


def all_built() -> bool:
    """Whether there is all that a real node needs."""
    return len(built(NODE_PROGRAMS | IMAGE_PROGRAMS)) == len(NODE_PROGRAMS | IMAGE_PROGRAMS)
