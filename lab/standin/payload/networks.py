"""The choice of a CNI, and the one rule of addresses that ends a server or an agent.

Facts of rke2: pkg/cli/cmds/server.go (validateCNI), pkg/cli/types.go; of k3s: pkg/agent/run.go (cluster-cidr against node-ip). A kubelet
is Ready when its CRI has found a CNI's configuration (containerd, pkg/cri: NetworkPluginNotReady).
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address, ip_network

from .config import Config
from .journal import FatalError
from .paths import Paths, write

DEFAULT = "canal"
CHOICES = ("calico", "canal", "cilium", "flannel")
BOTH = 2
RULE = "must share the same IP version (IPv4, IPv6 or dual-stack)"
NOT_READY = (
    "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady "
    "message:Network plugin returns error: cni plugin not initialized"
)


def chosen(config: Config) -> str:
    """The main CNI of a server's configuration, `none` included. Raises FatalError with RKE2's words."""
    values = list(config.items("cni", (DEFAULT,)))
    if values == ["multus"]:
        raise FatalError("Failed to validate --cni flag: multus must be used alongside another primary cni selection")
    if len(values) == BOTH and values[0] != "multus":
        raise FatalError("Failed to validate --cni flag: may only provide multiple values if multus is the first value")
    if len(values) > BOTH:
        raise FatalError("Failed to validate --cni flag: must specify 1 or 2 values")
    wrong = [value for value in values[-1:] if value not in {*CHOICES, "none"}]
    if wrong:
        raise FatalError(f"Invalid value {wrong[0]} for --cni flag: must be one of {','.join(CHOICES)}")
    return values[-1]


def install(paths: Paths, name: str) -> None:
    """What a CNI's DaemonSet does on each machine: with `none`, nobody does it."""
    if name != "none":
        write(paths.cni / f"10-{name}.conflist", f'{{"cniVersion": "1.0.0", "name": "{name}", "plugins": []}}\n')


def installed(paths: Paths) -> bool:
    """Whether some CNI has left its configuration."""
    return any(file.suffix in {".conf", ".conflist", ".json"} for file in paths.cni.glob("*"))


def check_families(cluster: Sequence[str], service: Sequence[str], addresses: Sequence[str]) -> None:
    """Cluster, services and node must be of the same IP versions. Raises FatalError."""
    wanted, nodes = _families(cluster), {ip_address(address).version for address in addresses}
    if _families(service) != wanted:  # in the same order, too
        raise FatalError(f"Error: cluster-cidr: {_list(cluster)} and service-cidr: {_list(service)}, {RULE}")
    if not set(wanted) <= nodes:
        raise FatalError(f"Error: cluster-cidr: {_list(cluster)} and node-ip: {_list(addresses)}, {RULE}")


def _families(networks: Sequence[str]) -> list[int]:
    return [ip_network(network, strict=False).version for network in networks]


def _list(values: Sequence[str]) -> str:
    return f"[{' '.join(values)}]"
