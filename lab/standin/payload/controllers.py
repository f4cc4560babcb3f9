"""Command lines of kube-controller-manager, kube-scheduler and kube-proxy, as RKE2 gives them.

Facts of k3s: pkg/daemons/control/server.go (controllerManager, scheduler), pkg/daemons/agent/agent_linux.go (kubeProxyArgs).
"""

from __future__ import annotations

from pathlib import Path

from . import arguments
from .config import Config
from .credfiles import kubeconfig
from .flavor import OURS, SERVICE_CIDR
from .kubelet_settings import cluster_cidr
from .node import Identity
from .paths import Paths, write

#: as a server's own parts reach it
API = f"https://127.0.0.1:{OURS.apiserver_port}"


def write_kubeconfigs(paths: Paths) -> None:
    """Those of the two controllers, in server/cred."""
    for name in ("controller", "scheduler"):
        write(_cred(paths, name), kubeconfig(API, paths.tls / "server-ca.crt", paths.tls / f"client-{name}"))


def manager(paths: Paths, config: Config) -> list[str]:
    """kube-controller-manager."""
    ours = {
        **_leads(paths, "controller"), "secure-port": "10257", "profiling": "false", "controllers": "*,tokencleaner",
        "use-service-account-credentials": "true", "root-ca-file": f"{paths.tls}/server-ca.crt",
        "service-account-private-key-file": f"{paths.tls}/service.key", "allocate-node-cidrs": "true",
        "cluster-cidr": cluster_cidr(config), "service-cluster-ip-range": ",".join(config.items("service-cidr", (SERVICE_CIDR,))),
        "terminated-pod-gc-threshold": "1000",
    }  # fmt: skip
    return [str(paths.tools / "kube-controller-manager"), *arguments.merged(ours, config.items("kube-controller-manager-arg"))]


def scheduler(paths: Paths, config: Config) -> list[str]:
    """kube-scheduler."""
    ours = {**_leads(paths, "scheduler"), "secure-port": "10259", "profiling": "false"}
    return [str(paths.tools / "kube-scheduler"), *arguments.merged(ours, config.items("kube-scheduler-arg"))]


def proxy(paths: Paths, config: Config, identity: Identity) -> list[str]:
    """kube-proxy."""
    ours = {
        "kubeconfig": f"{paths.agent}/kubeproxy.kubeconfig", "proxy-mode": "iptables", "healthz-bind-address": "127.0.0.1",
        "cluster-cidr": cluster_cidr(config), "hostname-override": identity.name, "conntrack-max-per-core": "0",
        "conntrack-tcp-timeout-established": "0s", "conntrack-tcp-timeout-close-wait": "0s",
    }  # fmt: skip
    return [str(paths.tools / "kube-proxy"), *arguments.merged(ours, config.items("kube-proxy-arg"))]


def _leads(paths: Paths, name: str) -> dict[str, str]:
    flags = ("kubeconfig", "authentication-kubeconfig", "authorization-kubeconfig")
    return {**{flag: str(_cred(paths, name)) for flag in flags}, "bind-address": "127.0.0.1"}


def _cred(paths: Paths, name: str) -> Path:
    return paths.server / f"cred/{name}.kubeconfig"
