"""What a machine must have for a Kubernetes before it is installed: modules of its kernel, free ports, a size.

Sources: docs.k3s.io/installation/requirements and docs.rke2.io/install/requirements (ports, sizes, those of network plugins); k3s,
pkg/agent/syssetup/setup.go (modules; RKE2 starts the same agent).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from stardock.distributions.model import Kubernetes, NodeRole

#: What carries packets between machines' pods.
Tunnel = Literal["vxlan", "wireguard", "none"]

_MODULES: Sequence[Sequence[str]] = (
    ("overlay",),
    ("br_netfilter",),
    ("nf_conntrack",),
    ("iptable_nat", "nft_chain_nat", "nf_tables"),
    ("iptable_filter", "nf_tables"),
)
_ETCD = {2379: "etcd", 2380: "etcd", 2381: "etcd", 2382: "etcd"}
_CONTROL_PLANE = {10257: "kube-controller-manager", 10258: "cloud-controller-manager", 10259: "kube-scheduler"}
_WAY = 6444
_NODE = {
    _WAY: "the way to the API",
    10010: "containerd",
    10248: "the kubelet",
    10249: "kube-proxy",
    10250: "the kubelet",
    10256: "kube-proxy",
}
#: UDP, by plugin; others have flannel's.
_VXLAN: Mapping[str, int] = {"calico": 4789}
_WIREGUARD: Mapping[str, int] = {"cilium": 51871}
_FLANNELS_VXLAN, _FLANNELS_WIREGUARD = 8472, 51820
#: MiB of an agent, of both makers the smaller word: RKE2's 4 GB are for whatever runs it.
_AGENT_MIB = 512


def tunnel_of(own: Kubernetes, options: Mapping[str, Any], *, encrypted: bool, backend: str | None) -> Tunnel:
    """What the network of pods is carried by; `backend` is what cluster.yaml says of flannel."""
    if not own.has_network(options) or backend == "host-gw":
        return "none"
    return "wireguard" if encrypted else "vxlan"


def modules(tunnel: Tunnel) -> list[list[str]]:
    """Of the kernel; of each list one is enough."""
    found = [list(names) for names in _MODULES]
    return found if tunnel == "none" else [*found, [str(tunnel)]]


def ports(own: Kubernetes, role: NodeRole, options: Mapping[str, Any], tunnel: Tunnel) -> Iterator[dict[str, Any]]:
    """Those that must be free: number, protocol, and who needs it."""
    asked = {own.supervisor_port: f"{own.title}'s supervisor", own.api_port: "the API server"}
    serving = {**asked, **_ETCD, **_CONTROL_PLANE} if role == "server" else _of_agents(own)
    for port, what in {**serving, **_NODE}.items():
        yield {"port": port, "protocol": "tcp", "what": what}
    if tunnel != "none":
        plugin = own.plugin(options)
        number = _VXLAN.get(plugin, _FLANNELS_VXLAN) if tunnel == "vxlan" else _WIREGUARD.get(plugin, _FLANNELS_WIREGUARD)
        yield {"port": number, "protocol": "udp", "what": f"the network of pods ({plugin})"}


def _of_agents(own: Kubernetes) -> Mapping[int, str]:
    """Where the API has a port of its own, an agent has its way to it one below (k3s, pkg/agent/proxy/apiproxy.go: SetAPIServerPort)."""
    return {} if own.api_port == own.supervisor_port else {_WAY - 1: _NODE[_WAY]}


def memory_mib(own: Kubernetes, role: NodeRole) -> int:
    """What its makers ask for at the least."""
    return own.server_memory_mib if role == "server" else _AGENT_MIB


def cores(role: NodeRole) -> int:
    """The same of cores."""
    return 2 if role == "server" else 1
