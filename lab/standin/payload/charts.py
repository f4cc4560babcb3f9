"""RKE2's own charts, as the HelmCharts that it puts into the manifests folder: the real helm-controller installs them.

Facts of rke2: pkg/bootstrap/charts.go, charts/build-chart.sh (a HelmChart with `bootstrap`, for what nodes need to be Ready); of
rancher/rke2-charts: packages/rke2-canal, rke2-coredns (names of values). The charts are ours, with the values that a lab can act on.
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
from ipaddress import ip_network
from typing import Any

from .apiserver import DOMAIN
from .config import Config
from .kubelet_settings import cluster_cidr, cluster_dns
from .paths import Paths
from .release_images import COREDNS, FLANNEL

#: the CNIs that can run here, and their chart: both are flannel
NETWORKS = {"canal": "rke2-canal", "flannel": "rke2-flannel"}
FOLDERS = {"rke2-flannel": "rke2-canal"}


def packaged(paths: Paths, config: Config, network: str) -> dict[str, str]:
    """Name -> HelmChart: the CNI's, and CoreDNS unless it is disabled."""
    lab = str(paths.tools.parent)
    values: dict[str, Mapping[str, Any]] = {
        NETWORKS.get(network, ""): {"network": _network(config), "lab": lab, "image": FLANNEL},
        "rke2-coredns": {
            "service": {"clusterIP": cluster_dns(config)},
            "clusterDomain": config.text("cluster-domain", DOMAIN),
            "image": COREDNS,
        },
    }
    unwanted = {"", *config.items("disable")}
    return {name: _helm_chart(name, given) for name, given in values.items() if name not in unwanted}


def _helm_chart(name: str, values: Mapping[str, Any]) -> str:
    spec = {"bootstrap": True, "chartContent": base64.b64encode(_archive(name)).decode(), "valuesContent": json.dumps(values)}
    return json.dumps({
        "apiVersion": "helm.cattle.io/v1", "kind": "HelmChart", "metadata": {"name": name, "namespace": "kube-system"}, "spec": spec,
    }) + "\n"  # fmt: skip


def _network(config: Config) -> dict[str, Any]:
    """The net-conf.json of flannel (flannel-io/flannel, Documentation/configuration.md): one network of each IP version."""
    networks = {ip_network(text).version: text for text in cluster_cidr(config).split(",")}
    four, six = networks.get(4), networks.get(6)
    return {
        "EnableIPv4": four is not None, "EnableIPv6": six is not None, "EnableNFTables": True,
        **({"Network": four} if four else {}), **({"IPv6Network": six} if six else {}),
    }  # fmt: skip


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
