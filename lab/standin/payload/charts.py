"""What a distribution itself puts into the manifests folder. RKE2: HelmCharts, which the real helm-controller installs. k3s: plain objects.

Facts of rke2: pkg/bootstrap/charts.go, charts/build-chart.sh (a HelmChart with `bootstrap`, for what nodes need to be Ready); of
rancher/rke2-charts: packages/rke2-canal, rke2-coredns (names of values); of k3s: manifests, pkg/deploy/stage.go (`disable` is the name of a
file). The charts are ours, with the values that a lab can act on.
"""

from __future__ import annotations

import base64
import gzip
import io
import json
import tarfile
from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from . import flannel
from .config import Config
from .flavor import DOMAIN, OURS
from .kubelet_settings import cluster_dns
from .paths import Paths
from .release_images import COREDNS, FLANNEL

#: the CNIs that can run here, and their chart: both are flannel
NETWORKS = {"canal": "rke2-canal", "flannel": "rke2-flannel"}
FOLDERS = {"rke2-flannel": "rke2-canal"}
#: what flannel does as the distribution's controller (flannel-io/flannel, chart/kube-flannel/templates/rbac.yaml)
ROLES = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: "system:k3s-controller"}
rules:
- {apiGroups: [""], resources: [nodes], verbs: [get, list, watch]}
- {apiGroups: [""], resources: [nodes/status], verbs: [patch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: "system:k3s-controller"}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "system:k3s-controller"}
subjects: [{kind: User, name: "system:k3s-controller", apiGroup: rbac.authorization.k8s.io}]
"""


def packaged(paths: Paths, config: Config, network: str) -> dict[str, str]:
    """Name of a file -> what is in it: the CNI's, and CoreDNS unless it is disabled."""
    made = _plain(config) if OURS.is_one_file else _helm_charts(paths, config, network)
    return {name: text for name, text in made.items() if name not in config.items("disable")}


def _plain(config: Config) -> dict[str, str]:
    """RKE2's template of CoreDNS serves here too, under k3s' names."""
    text = files(__package__).joinpath("charts/rke2-coredns/templates/coredns.yaml").read_text()
    values = {"service.clusterIP": cluster_dns(config), "clusterDomain": config.text("cluster-domain", DOMAIN), "image": COREDNS}
    for name, value in values.items():
        text = text.replace(f"{{{{ .Values.{name} }}}}", value)
    service, named = text.rpartition("kind: Service\n")[2], "metadata: {name: rke2-coredns"
    text = text.removesuffix(service) + service.replace(named, "metadata: {name: kube-dns")
    return {"coredns": text.replace("rke2-coredns", "coredns"), "rolebindings": ROLES}


def _helm_charts(paths: Paths, config: Config, network: str) -> dict[str, str]:
    lab = str(paths.tools.parent)
    values: dict[str, Mapping[str, Any]] = {
        NETWORKS.get(network, ""): {"network": flannel.network(config), "lab": lab, "image": FLANNEL},
        "rke2-coredns": {
            "service": {"clusterIP": cluster_dns(config)},
            "clusterDomain": config.text("cluster-domain", DOMAIN),
            "image": COREDNS,
        },
    }
    return {name: _helm_chart(name, given) for name, given in values.items() if name}


def _helm_chart(name: str, values: Mapping[str, Any]) -> str:
    spec = {"bootstrap": True, "chartContent": base64.b64encode(_archive(name)).decode(), "valuesContent": json.dumps(values)}
    return json.dumps({
        "apiVersion": "helm.cattle.io/v1", "kind": "HelmChart", "metadata": {"name": name, "namespace": "kube-system"}, "spec": spec,
    }) + "\n"  # fmt: skip


def _archive(name: str) -> bytes:
    """The chart as `helm package` packs it, with the same bytes each time."""
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", filename="", mtime=0) as packed, tarfile.open(fileobj=packed, mode="w") as archive:
        for path, content in sorted(_files(files(__package__).joinpath("charts", FOLDERS.get(name, name)), name)):
            entry = tarfile.TarInfo(path)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def _files(folder: Traversable, path: str) -> list[tuple[str, bytes]]:
    found = []
    for entry in folder.iterdir():
        inside = f"{path}/{entry.name}"
        found += _files(entry, inside) if entry.is_dir() else [(inside, entry.read_bytes())]
    return found
