"""kube-vip: a DaemonSet on servers that carries the virtual IP, handed to the distribution's deploy controller. Never run here.

Its fields are those that `kube-vip manifest daemonset --controlplane --arp --leaderElection --inCluster --taint` writes
(kube-vip.io/docs/installation/daemonset; github.com/kube-vip/kube-vip, pkg/kubevip/config_generator.go and config_envvar.go), its rights
those of kube-vip.io/manifests/rbac.yaml that the control plane needs: nothing about Services.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from stardock.distributions import distribution
from stardock.model.machine import Machine
from stardock.model.plan import Plan
from stardock.model.settings import LoadBalancing
from stardock.systems import HEAD, system
from stardock.systems.networkd import KEEP, file_of
from stardock.yamltext import yaml_text

VERSION = "v1.2.3"
IMAGE = f"ghcr.io/kube-vip/kube-vip:{VERSION}"
MANIFEST = "stardock-kube-vip.yaml"

NAME = "stardock-kube-vip"
_NAMESPACE = "kube-system"


def server_files(plan: Plan) -> list[dict[str, str]]:
    """What the stage `machines` puts on each server where it is wished."""
    own, balancing = distribution(plan.distribution.name), plan.load_balancing
    if balancing is None or balancing.by != "kube-vip":
        return []
    path = f"{own.manifests}/{MANIFEST}"
    content = HEAD + "---\n".join(yaml_text(one) for one in _objects(plan, balancing))
    folder = {"path": own.server_dir, "state": "directory", "mode": "0700"}
    return [folder, {"path": path, "content": content, "mode": "0600", "directory_mode": "0700"}]


def network_files(plan: Plan, machine: Machine, paths: Iterable[str]) -> list[dict[str, str]]:
    """A drop-in beside the file of each NIC of a server, where networkd has one (among `paths`).

    An address that kube-vip put there stays when networkd starts anew (systemd.network(5), `KeepConfiguration`); without, it would be
    back only when kube-vip looks again, after seconds (kube-vip/kube-vip#173, #198).
    """
    content = HEAD + "\n".join(("[Network]", *KEEP, ""))
    wished = {"content": content} if server_files(plan) else {"state": "absent"}
    nics = {file_of(interface) for interface in machine.interfaces}
    return [{"path": f"{path}.d/50-kube-vip.conf", **wished, "applies": "networkd"} for path in paths if path in nics]


def _objects(plan: Plan, balancing: LoadBalancing) -> Iterator[dict[str, Any]]:
    """It may hold a lease and look at nodes."""
    rules = [
        {"apiGroups": [""], "resources": ["nodes"], "verbs": ["list", "get", "watch"]},
        {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ["list", "get", "watch", "update", "create"]},
    ]
    yield from rights(NAME, rules)
    yield daemon_set(NAME, _environment(plan, balancing), "Exists")


def former_manifest(plan: Plan) -> str:
    """The file that is withdrawn from servers together with what was applied of it; empty where kube-vip is wished."""
    return "" if server_files(plan) else f"{distribution(plan.distribution.name).manifests}/{MANIFEST}"


def daemon_set(name: str, values: Mapping[str, str], servers: str, spared: Sequence[str] = ()) -> dict[str, Any]:
    """kube-vip with these variables. `servers` is `Exists` for servers alone, `DoesNotExist` for all others; none of `spared`."""
    labels = {"app.kubernetes.io/name": name}
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": name, "namespace": _NAMESPACE, "labels": labels},
        "spec": {
            "selector": {"matchLabels": labels},
            "updateStrategy": {"type": "RollingUpdate"},
            "template": {"metadata": {"labels": labels}, "spec": _pod(name, values, servers, spared)},
        },
    }


def _pod(name: str, values: Mapping[str, str], servers: str, spared: Sequence[str]) -> dict[str, Any]:
    others = [{"key": "kubernetes.io/hostname", "operator": "NotIn", "values": list(spared)}] if spared else []
    where = {"matchExpressions": [{"key": "node-role.kubernetes.io/control-plane", "operator": servers}, *others]}
    return {
        "serviceAccountName": name,
        "hostNetwork": True,
        "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [where]}}},
        "tolerations": [{"effect": effect, "operator": "Exists"} for effect in ("NoSchedule", "NoExecute")],
        "containers": [
            {
                "name": "kube-vip",
                "image": IMAGE,
                "imagePullPolicy": "IfNotPresent",
                "args": ["manager"],
                "env": [
                    *({"name": key, "value": value} for key, value in values.items()),
                    {"name": "vip_nodename", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}},
                ],
                "securityContext": {"capabilities": {"add": ["NET_ADMIN", "NET_RAW"], "drop": ["ALL"]}},
            }
        ],
    }


def _environment(plan: Plan, balancing: LoadBalancing) -> dict[str, str]:
    """All values of an environment are texts.

    Without `vip_interface` kube-vip takes the interface of each machine's default route (cmd/kube-vip.go, `kubeVipManager`).
    """
    named = all(system(machine.image.system).names_interfaces for machine in plan.carriers)
    return {
        "vip_arp": "true",
        "port": str(balancing.api_port),
        **({"vip_interface": balancing.interface} if named else {}),
        "vip_subnet": "32",
        "dns_mode": "first",
        "cp_enable": "true",
        "cp_namespace": _NAMESPACE,
        "vip_leaderelection": "true",
        "vip_leasename": "plndr-cp-lock",
        "vip_leaseduration": "5",
        "vip_renewdeadline": "3",
        "vip_retryperiod": "1",
        "address": balancing.vip,
        "prometheus_server": "127.0.0.1:2112",
    }


def rights(name: str, rules: Sequence[Mapping[str, Any]]) -> tuple[dict[str, Any], ...]:
    """An account of that name, and what it may do."""
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name}
    account = {"kind": "ServiceAccount", "name": name, "namespace": _NAMESPACE}
    version = "rbac.authorization.k8s.io/v1"
    return (
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": _NAMESPACE}},
        {"apiVersion": version, "kind": "ClusterRole", "metadata": {"name": name}, "rules": list(rules)},
        {"apiVersion": version, "kind": "ClusterRoleBinding", "metadata": {"name": name}, "roleRef": role, "subjects": [account]},
    )
