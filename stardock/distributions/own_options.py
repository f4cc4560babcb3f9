"""Options of a pool or a machine of its own: which keys may differ between machines of one cluster, and how they are put together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from stardock.distributions.fault import Fault
from stardock.distributions.founding import founding_keys
from stardock.distributions.model import Kubernetes, NodeRole
from stardock.distributions.option_rules import option_faults

#: Keys that hold for the whole cluster, though no server refuses another one that differs: Stardock writes something for all machines from
#: them (`profile`, `selinux`, the API server's arguments), or what servers deploy would change with the one that leads.
_OF_THE_CLUSTER = frozenset(
    (
        *("profile", "selinux", "kube-apiserver-arg", "disable", "ingress-controller", "enable-servicelb", "servicelb-namespace"),
        *("system-default-registry", "embedded-registry", "private-registry", "helm-job-image", "helm-controller-arg", "prime", "tls-san"),
        *("service-node-port-range", "etcd-snapshot-schedule-cron", "etcd-snapshot-retention", "etcd-disable-snapshots"),
        *("etcd-s3", "etcd-s3-config-secret", "disable-kube-proxy", "default-local-storage-path"),
        *("secrets-encryption-provider", "supervisor-metrics", "audit-policy-file", "pod-security-admission-config-file"),
    )
)
_INSTEAD = {
    "node-label": "write `labels:` on the pool instead",
    "node-taint": "write `taints:` on the pool instead",
}


def merged(*options: Mapping[str, Any]) -> dict[str, Any]:
    """The cluster's, the pool's, the machine's: a later value takes the place of an earlier one, lists too."""
    return {name: value for each in options for name, value in each.items()}


def own_option_faults(
    kubernetes: Kubernetes, role: NodeRole, common: Mapping[str, Any], own: Mapping[str, Any], version: str
) -> Iterator[Fault]:
    """What is wrong with options of a pool's or a machine's own, of that role, beside the `common` ones of what it belongs to."""
    known, cluster = kubernetes.keys.known(), {*founding_keys(kubernetes), *_OF_THE_CLUSTER}
    placed = {name: fault for name in own if (fault := _misplaced(name, role, known[name].roles if name in known else "sa", cluster))}
    yield from placed.values()
    for fault in option_faults(kubernetes, merged(common, own), version):
        if fault.key in own and fault.key not in placed:
            yield fault


def _misplaced(name: str, role: NodeRole, roles: str, cluster: set[str]) -> Fault | None:
    if name in cluster:
        return Fault(name, f"`{name}` is the same on all machines of a cluster", "write it under `distribution.options`")
    if name in _INSTEAD:
        return Fault(name, f"`{name}` has a key of its own here", _INSTEAD[name])
    if role[0] not in roles:
        other = "servers" if role == "agent" else "agents"
        return Fault(name, f"`{name}` is a key of {other}, and these machines are none", "delete it, or write it on a pool of theirs")
    return None
