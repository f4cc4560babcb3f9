"""What RKE2 does in the API with `profile: cis`: network policies of its own namespaces, service accounts that hand out no tokens.

Facts of rke2: pkg/rke2/np.go (`setNetworkPolicies`: once, told by an annotation of the namespace), pkg/rke2/serviceaccount.go,
pkg/rke2/rke2.go (which namespaces). Policies for what does not run here (ingress, metrics server, webhooks) and the one for flannel's hosts
(pkg/controllers/cisnetworkpolicy) are left out. No program in the lab enforces them, as canal does.
"""

from __future__ import annotations

import threading
from typing import Any

from .journal import log
from .kube import MERGE, Kube, KubeError

NAMESPACES = ("kube-system", "default", "kube-public")
RETRY_SECONDS = 5.0
_PORTS = [{"protocol": protocol, "port": 53} for protocol in ("TCP", "UDP")]
#: annotation -> name and spec
Policies = dict[str, tuple[str, dict[str, Any]]]
_ALL: Policies = {
    "np.rke2.io": ("default-network-policy", {"podSelector": {}, "ingress": [{"from": [{"podSelector": {}}]}]}),
}
_SYSTEM: Policies = {
    "np.rke2.io/dns": (
        "default-network-dns-policy",
        {"podSelector": {"matchLabels": {"k8s-app": "kube-dns"}}, "ingress": [{"ports": _PORTS}]},
    ),
}


class Hardener:
    """Does it once, until it is done or `ending`."""

    def __init__(self, kube: Kube, ending: threading.Event) -> None:
        self._kube = kube
        self._ending = ending

    def start(self) -> None:
        """Begin, once the API answers."""
        threading.Thread(target=self.run, name="hardening", daemon=True).start()

    def run(self) -> None:
        """Until it is done, or `ending`."""
        pause = 0.0
        while not self._ending.wait(pause):
            pause = RETRY_SECONDS
            try:
                self._harden()
            except KubeError as error:
                log("error", f"Network policy apply failed, will retry: {error}")
            else:
                log("info", "Applying network policies complete")
                return

    def _harden(self) -> None:
        for name in NAMESPACES:
            for annotation, (policy, spec) in {**_ALL, **(_SYSTEM if name == "kube-system" else {})}.items():
                self._apply(name, annotation, policy, spec)
        for name in (*NAMESPACES, "kube-node-lease"):
            self._kube.patch(f"/api/v1/namespaces/{name}/serviceaccounts/default", {"automountServiceAccountToken": False}, MERGE)

    def _apply(self, namespace: str, annotation: str, policy: str, spec: dict[str, Any]) -> None:
        found = self._kube.find(f"/api/v1/namespaces/{namespace}")
        if found is None:
            raise KubeError(f"networkPolicy: get {namespace}")
        if annotation in found["metadata"].get("annotations", {}):
            return
        path = f"/apis/networking.k8s.io/v1/namespaces/{namespace}/networkpolicies"
        if self._kube.find(f"{path}/{policy}") is None:
            metadata = {"name": policy, "annotations": {annotation: "resolved"}}
            whole = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata}
            self._kube.create(path, {**whole, "spec": {**spec, "policyTypes": ["Ingress"]}})
        self._kube.patch(f"/api/v1/namespaces/{namespace}", {"metadata": {"annotations": {annotation: "resolved"}}}, MERGE)
