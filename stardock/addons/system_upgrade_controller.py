"""system-upgrade-controller: objects of our own making, since it has no chart but Rancher's own; it makes its CRD itself.

From rancher/system-upgrade-controller v0.20.1: manifests/*.yaml (what it may do, how it is told), pkg/upgrade/controller.go (`registerCRD`,
through apiextensions.k8s.io/v1, which is there since Kubernetes v1.16), pkg/upgrade/job/job.go (its variables). Its Jobs are privileged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from stardock.addons.charts import privileged_namespace
from stardock.addons.releases import Release
from stardock.model.addons import Addon

RELEASES = (Release("v0.20.1", "v0.20.1", (1, 16), None),)
NAME = "system-upgrade-controller"
NAMESPACE = "system-upgrade"
ACCOUNT = "system-upgrade"
IMAGE = "rancher/system-upgrade-controller"
_RIGHTS = "rbac.authorization.k8s.io"
_READ = ("get", "list", "watch")
_WRITE = ("create", "patch", "update")


def addon(version: str | None) -> Addon:
    """What cluster.yaml's `addons.system_upgrade_controller` comes to."""
    chosen = version or RELEASES[0].program
    objects = (privileged_namespace(NAMESPACE), _account(), *_roles(), *_bindings(), _deployment(chosen))
    return Addon(name=NAME, version=chosen, source=f"{IMAGE}:{chosen}", namespace=NAMESPACE, files={NAME: objects})


def _account() -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": ACCOUNT, "namespace": NAMESPACE}}


def _roles() -> tuple[dict[str, Any], ...]:
    """What it reads and writes itself; Jobs and Secrets in its namespace only; and what `kubectl drain` of its Jobs needs."""
    own = (
        _rule("batch", ["jobs"], _READ),
        _rule("apiextensions.k8s.io", ["customresourcedefinitions"], (*_READ, *_WRITE)),
        _rule("", ["namespaces", "nodes"], _READ),
        _rule("", ["nodes"], ("update",)),
        _rule("", ["events"], ("get", *_WRITE)),
        _rule("coordination.k8s.io", ["leases"], ("create",)),
        {**_rule("coordination.k8s.io", ["leases"], ("get", "update")), "resourceNames": [NAME]},
        _rule("upgrade.cattle.io", ["plans", "plans/status"], (*_READ, *_WRITE, "delete")),
    )
    here = (_rule("batch", ["jobs"], (*_READ, *_WRITE, "delete", "deletecollection")), _rule("", ["secrets"], _READ))
    drain = (
        _rule("", ["pods/eviction"], ("create",)),
        _rule("", ["pods"], ("get", "list", "delete")),
        _rule("", ["nodes"], ("get", "patch")),
        _rule("apps", ["statefulsets", "daemonsets", "replicasets"], ("get", "list")),
    )
    return _role("ClusterRole", NAME, own), _role("Role", NAME, here), _role("ClusterRole", f"{NAME}-drainer", drain)


def _rule(group: str, resources: Sequence[str], verbs: Sequence[str]) -> dict[str, Any]:
    return {"apiGroups": [group], "resources": list(resources), "verbs": list(verbs)}


def _role(kind: str, name: str, rules: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {"apiVersion": f"{_RIGHTS}/v1", "kind": kind, "metadata": _metadata(name, kind), "rules": list(rules)}


def _bindings() -> tuple[dict[str, Any], ...]:
    pairs = (("ClusterRole", NAME), ("Role", NAME), ("ClusterRole", f"{NAME}-drainer"))
    return tuple(_binding(kind, name) for kind, name in pairs)


def _binding(kind: str, name: str) -> dict[str, Any]:
    return {
        "apiVersion": f"{_RIGHTS}/v1",
        "kind": f"{kind}Binding",
        "metadata": _metadata(name, kind),
        "roleRef": {"apiGroup": _RIGHTS, "kind": kind, "name": name},
        "subjects": [{"kind": "ServiceAccount", "name": ACCOUNT, "namespace": NAMESPACE}],
    }


def _metadata(name: str, kind: str) -> dict[str, str]:
    return {"name": name} if kind.startswith("Cluster") else {"name": name, "namespace": NAMESPACE}


def _deployment(version: str) -> dict[str, Any]:
    """Its label `upgrade.cattle.io/controller` keeps it where it is while its own Jobs drain; its name is that label."""
    labels = {"app.kubernetes.io/name": NAME, "upgrade.cattle.io/controller": NAME}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": NAME, "namespace": NAMESPACE},
        "spec": {
            "strategy": {"type": "Recreate"},
            "selector": {"matchLabels": {"upgrade.cattle.io/controller": NAME}},
            "template": {"metadata": {"labels": labels}, "spec": _pod(version)},
        },
    }


def _pod(version: str) -> dict[str, Any]:
    """On servers, as nobody. The folder of certificates is the host's: it asks channels by HTTPS."""
    servers = {"matchExpressions": [{"key": "node-role.kubernetes.io/control-plane", "operator": "Exists"}]}
    return {
        "serviceAccountName": ACCOUNT,
        "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [servers]}}},
        "tolerations": [{"effect": effect, "operator": "Exists"} for effect in ("NoSchedule", "NoExecute")],
        "containers": [
            {
                "name": NAME,
                "image": f"{IMAGE}:{version}",
                "imagePullPolicy": "IfNotPresent",
                "securityContext": {
                    "runAsNonRoot": True,
                    "runAsUser": 65534,
                    "runAsGroup": 65534,
                    "allowPrivilegeEscalation": False,
                    "seccompProfile": {"type": "RuntimeDefault"},
                    "capabilities": {"drop": ["ALL"]},
                },
                "env": _environment(),
                "volumeMounts": [
                    {"name": "etc-ssl", "mountPath": "/etc/ssl", "readOnly": True},
                    {"name": "etc-pki", "mountPath": "/etc/pki", "readOnly": True},
                    {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 -- a volume of the pod's own
                ],
            }
        ],
        "volumes": [
            {"name": "etc-ssl", "hostPath": {"path": "/etc/ssl", "type": "DirectoryOrCreate"}},
            {"name": "etc-pki", "hostPath": {"path": "/etc/pki", "type": "DirectoryOrCreate"}},
            {"name": "tmp", "emptyDir": {}},
        ],
    }


def _environment() -> list[dict[str, Any]]:
    words = {
        "SYSTEM_UPGRADE_CONTROLLER_LEADER_ELECT": "true",
        "SYSTEM_UPGRADE_JOB_ACTIVE_DEADLINE_SECONDS": "900",
        "SYSTEM_UPGRADE_JOB_PRIVILEGED": "true",
        "SYSTEM_UPGRADE_JOB_TTL_SECONDS_AFTER_FINISH": "900",
        "SYSTEM_UPGRADE_PLAN_POLLING_INTERVAL": "15m",
    }
    fields = {
        "NAME": "metadata.labels['upgrade.cattle.io/controller']",
        "NAMESPACE": "metadata.namespace",
        "NODE_NAME": "spec.nodeName",
    }
    return [
        *({"name": name, "value": value} for name, value in words.items()),
        *({"name": f"SYSTEM_UPGRADE_CONTROLLER_{key}", "valueFrom": {"fieldRef": {"fieldPath": path}}} for key, path in fields.items()),
    ]
