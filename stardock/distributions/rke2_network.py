"""RKE2's network plugins: keys of config.yaml, and values of their charts.

Sources: rke2, pkg/cli/cmds/server.go `validateCNI`; docs.rke2.io, "Network Options"; rancher/rke2-charts (262e21a4), packages/rke2-canal
(`flannel.iface`, `flannel.backend`), rke2-flannel (only vxlan is supported there), rke2-calico (`installation.calicoNetwork`, handed on to
the operator; `felixConfiguration`, handed on whole), rke2-cilium (cilium's own values).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from stardock.distributions.network import MULTUS, NO_PLUGIN, Network, Wanted

_CANAL = "canal"
#: On every node: the API server itself, or the agent's own load balancer (k3s, pkg/agent/proxy: one less than `lb-server-port`).
_API = ("127.0.0.1", "6443")


def options(wanted: Wanted) -> dict[str, tuple[str, Any]]:
    """Keys of config.yaml -> the key under `cni` that says so, and the value."""
    plugin = wanted.plugin or _CANAL
    key = "plugin" if wanted.plugin else "multus"
    return {
        **({"cni": (key, [MULTUS, plugin] if wanted.multus else plugin)} if wanted.plugin or wanted.multus else {}),
        **({} if wanted.kube_proxy else {"disable-kube-proxy": ("kube_proxy", True)}),
    }


def values(plugin: str, wanted: Wanted, dual_stack: bool) -> dict[str, Any]:
    """What the plugin's chart is told; empty where nothing is asked of it."""
    return _VALUES[plugin](wanted, dual_stack) if plugin in _VALUES else {}


def _flannel(wanted: Wanted, _: bool) -> dict[str, Any]:
    backend = {"backend": "wireguard"} if wanted.encryption else {}
    name = _interface(wanted)
    found = {**({"iface": name} if name else {}), **backend}
    # flannel takes its own from the interface, and the plugin that makes pods' devices is told
    mtu = {"calico": {"vethuMTU": wanted.mesh.pods_mtu}} if wanted.mesh else {}
    return {**({"flannel": found} if found else {}), **mtu}


def _interface(wanted: Wanted) -> str | None:
    return wanted.mesh.interface if wanted.mesh else wanted.interface


def _only_flannel(wanted: Wanted, _: bool) -> dict[str, Any]:
    """kube-flannel takes its interface as an argument, and a list replaces the chart's."""
    args = ["--ip-masq", "--kube-subnet-mgr", f"--iface={_interface(wanted)}"]
    return {"flannel": {"args": args}} if _interface(wanted) else {}


def _calico(wanted: Wanted, dual_stack: bool) -> dict[str, Any]:
    families = ("V4", "V6") if dual_stack else ("V4",)
    name = _interface(wanted)
    exactly = f"^{re.escape(name)}$" if name else ""  # the operator takes a regular expression
    # felix finds an MTU by names of NICs alone (felix, dataplane/linux: `mtuIfacePattern`)
    mtu = {"mtu": wanted.mesh.pods_mtu} if wanted.mesh else {}
    found = {f"nodeAddressAutodetection{family}": {"interface": exactly} for family in families if exactly}
    wireguard = {"wireguardEnabled": True, **({"wireguardEnabledV6": True} if dual_stack else {})} if wanted.encryption else {}
    return {
        **({"installation": {"calicoNetwork": {**found, **mtu}}} if found else {}),
        **({"felixConfiguration": wireguard} if wireguard else {}),
    }


def _cilium(wanted: Wanted, _: bool) -> dict[str, Any]:
    host, port = _API
    replacement = {"kubeProxyReplacement": True, "k8sServiceHost": host, "k8sServicePort": port}
    return {
        **({} if wanted.kube_proxy else replacement),
        **({"devices": [wanted.interface]} if wanted.interface else {}),
        **({"encryption": {"enabled": True, "type": "wireguard"}} if wanted.encryption else {}),
        # its tunnels go between nodes' own addresses anyway, and `devices` would take NodePorts off all other NICs
        **({"MTU": wanted.mesh.mtu} if wanted.mesh else {}),
    }


_VALUES: Mapping[str, Callable[[Wanted, bool], dict[str, Any]]] = {
    _CANAL: _flannel,
    "calico": _calico,
    "cilium": _cilium,
    "flannel": _only_flannel,
}

#: Between nodes of one subnet, which those of a mesh are, CrossSubnet and direct routing send packets as they are (rke2-canal,
#: templates/config.yaml `DirectRouting`; rke2-calico, templates/crs/custom-resources.yaml: `backend` is the pools' encapsulation).
_FLANNELS = {"flannel.backend": ("vxlan",), "flannel.directRouting": ("false",)}
_ENCAPSULATED = ("VXLAN", "IPIP")
_TUNNELLED: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    _CANAL: _FLANNELS,
    "flannel": _FLANNELS,
    "calico": {
        "installation.backend": _ENCAPSULATED,
        "installation.calicoNetwork.ipPools.*.encapsulation": _ENCAPSULATED,
        "felixConfiguration.wireguardEnabled": ("false",),
    },
    "cilium": {"routingMode": ("tunnel",), "encryption.enabled": ("false",)},
}

NETWORK = Network(
    plugins=(*_VALUES, NO_PLUGIN),
    encrypted=(_CANAL, "calico", "cilium"),
    options=options,
    chart="rke2-{}",
    values=values,
    by_first_address=("cilium",),
    settled={_CANAL: {"flannel.backend": "vxlan"}},
    tunnelled=_TUNNELLED,
    api_port_key="lb-server-port",
)
