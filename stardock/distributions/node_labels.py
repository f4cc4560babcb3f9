"""Which labels a kubelet may give its own Node; all others come through the API, by an administrator.

A kubelet ends at once when `--node-labels` holds a name below `kubernetes.io` or `k8s.io` that is not of this list
(kubernetes, cmd/kubelet/app/options/options.go `ValidateKubeletFlags`, and pkg/apis of
staging/src/k8s.io/kubelet/pkg/apis/well_known_labels.go `IsKubeletLabel`). RKE2 hands `node-label` on unchanged.
"""

from __future__ import annotations

_OWNERS = ("kubernetes.io", "k8s.io")

_NAMES = frozenset(
    {
        "kubernetes.io/hostname",
        "kubernetes.io/os",
        "kubernetes.io/arch",
        "beta.kubernetes.io/os",
        "beta.kubernetes.io/arch",
        "beta.kubernetes.io/instance-type",
        "node.kubernetes.io/instance-type",
        "topology.kubernetes.io/region",
        "topology.kubernetes.io/zone",
        "failure-domain.beta.kubernetes.io/region",
        "failure-domain.beta.kubernetes.io/zone",
    }
)
_FOLDERS = ("kubelet.kubernetes.io", "node.kubernetes.io")


def kubelet_may_set(key: str) -> bool:
    """Whether a kubelet starts with this label in its arguments."""
    prefix = key.rpartition("/")[0]
    if not _is_below(prefix, _OWNERS):
        return True
    return key in _NAMES or _is_below(prefix, _FOLDERS)


def _is_below(prefix: str, domains: tuple[str, ...]) -> bool:
    return any(prefix == domain or prefix.endswith(f".{domain}") for domain in domains)
