"""Where pods find the API: the EndpointSlice of the Service `kubernetes`, for an API that is behind another port than its own.

k3s' kube-apiserver writes it with the port that it is told: `advertise-port`, a patch of theirs (k3s, pkg/daemons/control/server.go).
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any

from .etcd import Member
from .flavor import API_PORT
from .kube import Kube

SLICES = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices"
NAME = "kubernetes"


def tell(kube: Kube, members: Sequence[Member]) -> None:
    """Name all servers that vote. Raises KubeError."""
    wanted = _slice(sorted(member.address for member in members if not member.learner))
    found = kube.find(f"{SLICES}/{NAME}")
    if found is None:
        kube.create(SLICES, wanted)
    elif found["endpoints"] != wanted["endpoints"]:
        kube.replace(f"{SLICES}/{NAME}", wanted)


def _slice(addresses: Sequence[str]) -> dict[str, Any]:
    return {
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
        "metadata": {"name": NAME, "namespace": "default", "labels": {"kubernetes.io/service-name": NAME}},
        "addressType": f"IPv{ip_address(addresses[0]).version}",
        "endpoints": [{"addresses": [address], "conditions": {"ready": True}} for address in addresses],
        "ports": [{"name": "https", "port": API_PORT, "protocol": "TCP"}],
    }  # fmt: skip
