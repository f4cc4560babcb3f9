"""Labels and taints as Kubernetes takes them, and which labels a kubelet may give its own Node; all others come through the API.

A kubelet ends at once when `--node-labels` holds a name below `kubernetes.io` or `k8s.io` that is not of this list
(kubernetes, cmd/kubelet/app/options/options.go `ValidateKubeletFlags`, and pkg/apis of
staging/src/k8s.io/kubelet/pkg/apis/well_known_labels.go `IsKubeletLabel`). RKE2 and k3s hand `node-label` on unchanged.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

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


#: A qualified name as Kubernetes takes it (apimachinery, util/validation: `IsQualifiedName`, `IsDNS1123Subdomain`, `IsValidLabelValue`).
_NAME = r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?"
_PART = r"[a-z0-9]([a-z0-9-]*[a-z0-9])?"
_PREFIX = re.compile(rf"{_PART}(\.{_PART})*")
_LONGEST_PREFIX = 253
EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")

#: k3s and RKE2 give them to their servers, and take a node that bears them for one: etcd's membership follows
#: (k3s, pkg/etcd/controller.go).
_SERVERS_OWN = frozenset(f"node-role.kubernetes.io/{role}" for role in ("control-plane", "etcd", "master"))


def is_label_key(text: str) -> bool:
    """Whether that can be the key of a label or taint."""
    prefix, slash, name = text.rpartition("/")
    fits = not slash or (len(prefix) <= _LONGEST_PREFIX and _PREFIX.fullmatch(prefix) is not None)
    return fits and re.fullmatch(_NAME, name) is not None


def is_label_value(text: str) -> bool:
    """Whether that can be the value of a label or taint."""
    return re.fullmatch(rf"({_NAME})?", text) is not None


def taint_of(text: str) -> tuple[str, str, str] | None:
    """Key, value and effect of `KEY=VALUE:EFFECT` or `KEY:EFFECT`; None for anything else."""
    pair, _, effect = text.rpartition(":")
    key, _, value = pair.partition("=")
    return (key, value, effect) if is_label_key(key) and is_label_value(value) and effect in EFFECTS else None


def managed_label(title: str, key: str) -> tuple[str, str] | None:
    """Message and cure for a label that is the distribution's to give; None for all others."""
    if key not in _SERVERS_OWN:
        return None
    message = f"{title} gives `{key}` to its servers itself, and takes a node that bears it for one of them"
    return message, "delete it; a role of your own is for example node-role.kubernetes.io/worker"


#: Kubernetes gives and takes them by itself, after the Node's conditions (kubernetes, pkg/controller/nodelifecycle,
#: node_lifecycle_controller.go, `doNoScheduleTaintingPass`): a node that is fine would lose them at once, and get them at each bootstrap.
_CONTROLLERS_OWN = frozenset(
    f"node.kubernetes.io/{condition}"
    for condition in (
        "not-ready",
        "unreachable",
        "unschedulable",
        "network-unavailable",
        "memory-pressure",
        "disk-pressure",
        "pid-pressure",
    )
)


def managed_taint(text: str) -> tuple[str, str] | None:
    """Message and cure for a taint that is Kubernetes' to give; None for all others."""
    found = taint_of(text)
    if found is None or found[0] not in _CONTROLLERS_OWN:
        return None
    message = f"Kubernetes gives and takes `{found[0]}` by itself, as the node's condition is"
    return message, f"write a key of your own, for example dedicated=storage:{found[2]}"


#: Given at registration, and taken away by whoever makes the node ready (cilium/cilium#16631; drivers of storage have taken the name over).
_STARTUP = "/agent-not-ready"


def startup_taint(text: str) -> bool:
    """Whether a taint is for a node's start only: put back on a node that runs, it would evict pods until somebody takes it again."""
    found = taint_of(text)
    return found is not None and found[0].endswith(_STARTUP)


def clashing_taints(taints: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Pairs of taints with one key and one effect and two values: a kubelet ends on them (kubernetes, pkg/util/taints `ParseTaints`)."""
    first: dict[tuple[str, str], str] = {}
    for text in taints:
        found = taint_of(text)
        if found and first.setdefault((found[0], found[2]), text) != text:
            yield first[found[0], found[2]], text
