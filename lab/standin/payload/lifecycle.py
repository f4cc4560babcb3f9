"""Judging Nodes by their Leases, as the node life-cycle controller does: Ready=Unknown when silent, and the taints that follow."""

from __future__ import annotations

import time
from typing import Any

from .journal import log
from .kube import LEASES, MERGE, NODES, Kube, condition, node_path
from .node import LEASE_SECONDS, changed_condition

UNKNOWN = ("Unknown", "NodeStatusUnknown", "Kubelet stopped posting node status.")
TAINT_OF = {"False": "node.kubernetes.io/not-ready", "Unknown": "node.kubernetes.io/unreachable"}
EFFECTS = ("NoSchedule", "NoExecute")


class Liveness:
    """When each Lease was last seen to change, by our own clock: machines' clocks may differ."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[str, float]] = {}

    def is_silent(self, node: str, renewed: str, now: float) -> bool:
        """Whether the Lease, last renewed at the text `renewed`, has not changed for its duration; `now` in seconds."""
        known = self._seen.get(node)
        if known is None or known[0] != renewed:
            self._seen[node] = (renewed, now)
            return False
        return now - known[1] > LEASE_SECONDS


class Lifecycle:
    """One look at all Nodes each few seconds."""

    def __init__(self, kube: Kube) -> None:
        self._kube = kube
        self._liveness = Liveness()

    def forget(self) -> None:
        """Watch for a while before judging again: for one who was not in charge until now."""
        self._liveness = Liveness()

    def judge(self) -> None:
        """Mark silent Nodes and keep the taints right. Raises KubeError."""
        leases = {lease["metadata"]["name"]: lease["spec"].get("renewTime", "") for lease in self._kube.listed(LEASES)}
        for node in self._kube.listed(NODES):
            name = node["metadata"]["name"]
            silent = self._liveness.is_silent(name, leases.get(name, ""), time.monotonic())
            if silent and condition(node, "Ready").get("status") != UNKNOWN[0]:
                self._lose(name, node)
            else:
                self._taint(name, node)

    def _lose(self, name: str, node: dict[str, Any]) -> None:
        log("warning", f"Node {name} has not renewed its lease for {LEASE_SECONDS} s")
        self._kube.patch(f"{node_path(name)}/status", {"status": {"conditions": [changed_condition(node, "Ready", UNKNOWN)]}})

    def _taint(self, name: str, node: dict[str, Any]) -> None:
        before = node["spec"].get("taints") or []
        after = wanted_taints(before, condition(node, "Ready").get("status", "False"))
        if after != before:
            self._kube.patch(node_path(name), {"spec": {"taints": after or None}}, MERGE)


def wanted_taints(taints: list[dict[str, Any]], ready: str) -> list[dict[str, Any]]:
    """The taints of a Node whose Ready condition is True, False or Unknown; those of other makers stay."""
    key = TAINT_OF.get(ready)
    kept = [taint for taint in taints if taint["key"] == key or taint["key"] not in TAINT_OF.values()]
    there = {taint["effect"] for taint in kept if taint["key"] == key}
    return kept + [{"key": key, "effect": effect} for effect in EFFECTS if key and effect not in there]
