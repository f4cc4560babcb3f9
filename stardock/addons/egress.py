"""A way out that stays: cilium's egress gateway, for pods by label, on the nodes of a pool. cilium never ran here.

Fields: cilium/cilium, Documentation/network/egress-gateway/egress-gateway.rst: it needs BPF masquerading and no kube-proxy; a namespace is
the label `io.kubernetes.pod.namespace` of pods; of several nodes the first by name is the gateway.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stardock.model.addons import Addon
from stardock.model.plan import Plan

NAME = "egress"
_NAMESPACE = "io.kubernetes.pod.namespace"


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """Pods by their labels, and in a namespace where one is named, leave for `destinations` through the nodes of a pool."""

    name: str
    pods: Mapping[str, str]
    pool: str
    namespace: str | None
    destinations: tuple[str, ...]

    @property
    def label(self) -> str:
        """Of the nodes of that pool."""
        return f"stardock.io/egress-{self.name}"


def addon(plan: Plan, ways: Sequence[Way]) -> Addon:
    """What cluster.yaml's `addons.egress` comes to."""
    return Addon(
        name=NAME,
        version="",
        source="policies of cilium's egress gateway",
        namespace="",
        files={NAME: tuple(map(_policy, ways))},
        node_labels={
            machine.name: {way.label: "true" for way in ways if way.pool == machine.pool}
            for machine in plan.machines
            if machine.role != "loadbalancer"
        },
    )


def _policy(way: Way) -> dict[str, Any]:
    named = {_NAMESPACE: way.namespace} if way.namespace else {}
    return {
        "apiVersion": "cilium.io/v2",
        "kind": "CiliumEgressGatewayPolicy",
        "metadata": {"name": way.name},
        "spec": {
            "selectors": [{"podSelector": {"matchLabels": {**way.pods, **named}}}],
            "destinationCIDRs": list(way.destinations),
            "egressGateway": {"nodeSelector": {"matchLabels": {way.label: "true"}}},
        },
    }
