"""The choice of a CNI, and the one rule of addresses that ends a server or an agent.

Facts of rke2: pkg/cli/cmds/server.go (validateCNI), pkg/cli/types.go; of k3s: pkg/agent/run.go (cluster-cidr against node-ip),
pkg/agent/flannel/setup.go (backends). A kubelet is Ready when its CRI has found a CNI's configuration (containerd, pkg/cri:
NetworkPluginNotReady).
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address, ip_network
from pathlib import Path

from .config import Config
from .flavor import NO_NETWORK, OURS
from .journal import FatalError
from .paths import Paths, write

DEFAULT = "canal"
CHOICES = ("calico", "canal", "cilium", "flannel")
BACKEND_KEY, BACKENDS = "flannel-backend", ("vxlan", "host-gw", "wireguard-native")
BOTH = 2
RULE = "must share the same IP version (IPv4, IPv6 or dual-stack)"
NOT_READY = (
    "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady "
    "message:Network plugin returns error: cni plugin not initialized"
)


def chosen(config: Config) -> str:
    """The network of a server's configuration, `none` included. Raises FatalError with the real one's words."""
    return _backend(config) if OURS.has_flannel else _cni(config)


def install(paths: Paths, name: str) -> None:
    """What a CNI's DaemonSet does on each machine: with `none`, nobody does it."""
    if name != NO_NETWORK:
        write(paths.cni / f"10-{name}.conflist", f'{{"cniVersion": "1.0.0", "name": "{name}", "plugins": []}}\n')


def installed(paths: Paths) -> bool:
    """Whether some CNI has left its configuration."""
    return any(file.suffix in {".conf", ".conflist", ".json"} for folder in (paths.cni, paths.foreign_cni) for file in folder.glob("*"))


def places(paths: Paths, config: Config) -> tuple[Path, Path]:
    """Where containerd finds a CNI's programs and its configuration: a network that is a part of the service has places of its own."""
    if OURS.has_flannel and _backend(config) != NO_NETWORK:
        return paths.programs, paths.cni
    return Path("/opt/cni/bin"), paths.foreign_cni


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


def _cni(config: Config) -> str:
    values = list(config.items("cni", (DEFAULT,)))
    if values == ["multus"]:
        raise FatalError("Failed to validate --cni flag: multus must be used alongside another primary cni selection")
    if len(values) == BOTH and values[0] != "multus":
        raise FatalError("Failed to validate --cni flag: may only provide multiple values if multus is the first value")
    if len(values) > BOTH:
        raise FatalError("Failed to validate --cni flag: must specify 1 or 2 values")
    wrong = [value for value in values[-1:] if value not in {*CHOICES, NO_NETWORK}]
    if wrong:
        raise FatalError(f"Invalid value {wrong[0]} for --cni flag: must be one of {','.join(CHOICES)}")
    return values[-1]


def _backend(config: Config) -> str:
    """k3s brings flannel alone."""
    backend = config.text(BACKEND_KEY, BACKENDS[0])
    if backend not in {*BACKENDS, NO_NETWORK}:
        raise FatalError(f"Error: Cannot configure unknown flannel backend '{backend}'")
    return NO_NETWORK if backend == NO_NETWORK else "flannel"
