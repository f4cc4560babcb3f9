"""Which certificates a machine has. Leaves are made anew at each start, so that a new tls-san needs a restart only."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from ipaddress import ip_address, ip_network
from pathlib import Path

from . import pki
from .flavor import OURS

SERVER = "serverAuth"
CLIENT = "clientAuth"
BOTH = "serverAuth,clientAuth"


def alternative_names(entries: Sequence[str]) -> list[str]:
    """Turn addresses and host names into openssl's subjectAltName entries, each once."""
    return list(dict.fromkeys(f"{'IP' if _is_address(entry) else 'DNS'}:{entry}" for entry in entries))


def api_names(node: str, address: str, extra: Sequence[str], service_cidr: str, domain: str) -> list[str]:
    """The names under which the API may be called: kubernetes' own, the node's, and tls-san. Nothing else (tls-san-security)."""
    service = str(next(ip_network(service_cidr.split(",", maxsplit=1)[0]).hosts()))
    kubernetes = ["kubernetes", "kubernetes.default", "kubernetes.default.svc", f"kubernetes.default.svc.{domain}"]
    return alternative_names([*kubernetes, "localhost", node, "127.0.0.1", address, service, *extra])


def for_server(tls: Path, node: str, address: str, api: Sequence[str]) -> None:
    """All leaves of a server, below `tls`."""
    local = alternative_names(["localhost", node, "127.0.0.1", address])
    pki.issue(tls / "server-ca", tls / "serving-kube-apiserver", ["CN=kube-apiserver"], SERVER, api)
    pki.issue(tls / "client-ca", tls / "client-admin", ["O=system:masters", "CN=system:admin"], CLIENT)
    pki.issue(tls / "client-ca", tls / "client-kube-apiserver", ["O=system:masters", "CN=system:apiserver"], CLIENT)
    pki.issue(tls / "client-ca", tls / "client-controller", ["CN=system:kube-controller-manager"], CLIENT)
    pki.issue(tls / "client-ca", tls / "client-scheduler", ["CN=system:kube-scheduler"], CLIENT)
    pki.issue(tls / "request-header-ca", tls / "client-auth-proxy", ["CN=system:auth-proxy"], CLIENT)
    pki.issue(tls / "etcd/server-ca", tls / "etcd/server-client", ["CN=etcd-server"], BOTH, local)
    pki.issue(tls / "etcd/peer-ca", tls / "etcd/peer-server-client", ["CN=etcd-peer"], BOTH, local)
    pki.issue(tls / "etcd/server-ca", tls / "etcd/client", ["CN=etcd-client"], CLIENT)


#: what all nodes share: the clients of kube-proxy and of the distribution's own controller
SHARED = {"client-kube-proxy": ["CN=system:kube-proxy"], f"client-{OURS.controller}": [f"CN=system:{OURS.controller}"]}


def for_node(tls: Path, folder: Path, node: str, addresses: Sequence[str]) -> None:
    """What a machine has for its kubelet and kube-proxy, in its `folder`. Facts of k3s: pkg/daemons/control/deps (names,
    subjects), pkg/agent/config (`getHostFile`: for root alone).
    """
    client(tls, folder / "client-kubelet", node)
    serving(tls, folder / "serving-kubelet", node, addresses)
    for name, subject in SHARED.items():
        pki.issue(tls / "client-ca", folder / name, subject, CLIENT)
    for name in ("client-ca.crt", "server-ca.crt"):
        shutil.copy2(tls / name, folder / name)
    for certificate in folder.glob("*.crt"):
        certificate.chmod(0o600)


def client(tls: Path, stem: Path, node: str) -> None:
    """The kubelet's client certificate: the API lets it touch its own Node and Lease only."""
    pki.issue(tls / "client-ca", stem, ["O=system:nodes", f"CN=system:node:{node}"], CLIENT)


def serving(tls: Path, stem: Path, node: str, addresses: Sequence[str]) -> None:
    """What the kubelet shows to API servers."""
    pki.issue(tls / "server-ca", stem, [f"CN={node}"], SERVER, alternative_names([node, "localhost", "127.0.0.1", *addresses]))


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
