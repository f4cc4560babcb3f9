"""flannel as a part of each machine's service, where it is the distribution's one network: its files, and its command line.

Facts of k3s: pkg/agent/flannel/setup.go (both files, written before it starts; the `*-controller`'s kubeconfig, which may watch all Nodes),
pkg/agent/flannel/flannel.go (the interface, masquerading); of flannel-io/flannel: Documentation/configuration.md.
"""

from __future__ import annotations

import json
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from .config import Config
from .kubelet_settings import CONTROLLER, cluster_cidr
from .networks import BACKEND_KEY, BACKENDS
from .paths import Paths, write

INTERFACE_KEY = "flannel-iface"
TYPES = {"wireguard-native": "wireguard"}
DELEGATE = {"hairpinMode": True, "forceAddress": True, "isDefaultGateway": True}
PLUGINS = [
    {"type": "flannel", "delegate": DELEGATE},
    {"type": "portmap", "capabilities": {"portMappings": True}},
]  # fmt: skip


def configure(paths: Paths, config: Config) -> None:
    """Write what containerd and flannel read."""
    write(paths.cni / "10-flannel.conflist", json.dumps({"name": "cbr0", "cniVersion": "1.0.0", "plugins": PLUGINS}) + "\n")
    backend = config.text(BACKEND_KEY, BACKENDS[0])
    write(_settings(paths), json.dumps({**network(config), "Backend": {"Type": TYPES.get(backend, backend)}}) + "\n")


def command(paths: Paths, config: Config, node: str) -> list[str]:
    """Its command line, for the machine of this Node."""
    interface = config.text(INTERFACE_KEY)
    return [
        "env", f"NODE_NAME={node}", str(paths.tools / "flanneld"), "--kube-subnet-mgr", "--ip-masq",
        f"--net-config-path={_settings(paths)}",
        f"--kubeconfig-file={paths.agent}/{CONTROLLER}.kubeconfig", *([f"--iface={interface}"] if interface else []),
    ]  # fmt: skip


def network(config: Config) -> dict[str, Any]:
    """The networks of its net-conf.json: one of each IP version."""
    networks = {ip_network(text).version: text for text in cluster_cidr(config).split(",")}
    four, six = networks.get(4), networks.get(6)
    return {
        "EnableIPv4": four is not None, "EnableIPv6": six is not None, "EnableNFTables": True,
        **({"Network": four} if four else {}), **({"IPv6Network": six} if six else {}),
    }  # fmt: skip


def _settings(paths: Paths) -> Path:
    return paths.agent / "etc/flannel/net-conf.json"
