"""The files that an API server reads beside who may log in: what it writes down (audit), what pods may do (pod security).

Sources: kubernetes.io/docs/tasks/debug/debug-cluster/audit (Policy, audit.k8s.io/v1: the first rule that matches an event decides) and
.../configure-pod-container/enforce-standards-admission-controller (AdmissionConfiguration); docs.rke2.io/security/pod_security_standards
and rke2, pkg/executor/staticpod/staticpod.go `APIServer` (the log's place, ages and sizes; a pod has a hash of its files, so that a restart
of the service starts it anew when one changed), pkg/rke2/psa.go (namespaces that are left out); docs.k3s.io/security/hardening-guide.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from stardock.distributions.arguments import items, named
from stardock.distributions.fault import Fault
from stardock.distributions.model import Kubernetes

OPTION = "kube-apiserver-arg"
AUDIT, ADMISSION = "audit-policy-file", "admission-control-config-file"
_PATH, _AGE, _BACKUPS, _SIZE = "audit-log-path", "audit-log-maxage", "audit-log-maxbackup", "audit-log-maxsize"
#: Option of RKE2's -> the argument that it becomes.
_OPTIONS: Mapping[str, str] = {AUDIT: AUDIT, "pod-security-admission-config-file": ADMISSION}
#: System pods lie there; the operators bring their own, where they are installed.
_LEFT_OUT = ("kube-system", "compliance-operator-system", "tigera-operator")


def audit_policy(rules: Sequence[Mapping[str, Any]], level: str) -> dict[str, Any]:
    """The Policy: the user's rules, and the level of everything else. Requests are written down when they end, not also when they come."""
    return {
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Policy",
        "omitStages": ["RequestReceived"],
        "rules": [*map(dict, rules), {"level": level}],
    }


def audit_arguments(kubernetes: Kubernetes, days: int, files: int, mib: int) -> tuple[str, ...]:
    """Where the log lies, and how much of it is kept."""
    path = f"{kubernetes.server_dir}/logs/audit.log"
    return (f"{_PATH}={path}", f"{_AGE}={days}", f"{_BACKUPS}={files}", f"{_SIZE}={mib}")


def admission(levels: Mapping[str, str], left_out: Sequence[str]) -> dict[str, Any]:
    """The AdmissionConfiguration; `levels` are mode (enforce, audit, warn) -> level, of namespaces that say nothing themselves."""
    defaults = {key: value for mode, level in levels.items() for key, value in ((mode, level), (f"{mode}-version", "latest"))}
    namespaces = list(dict.fromkeys((*_LEFT_OUT, *left_out)))
    security = {
        "apiVersion": "pod-security.admission.config.k8s.io/v1",
        "kind": "PodSecurityConfiguration",
        "defaults": defaults,
        "exemptions": {"usernames": [], "runtimeClasses": [], "namespaces": namespaces},
    }
    plugins = [{"name": "PodSecurity", "configuration": security}]
    return {"apiVersion": "apiserver.config.k8s.io/v1", "kind": "AdmissionConfiguration", "plugins": plugins}


def told(kubernetes: Kubernetes, argument: str, path: str) -> dict[str, Any]:
    """The key of config.yaml that names the file: its own, or an argument of the API server's."""
    own = next((option for option, becomes in _OPTIONS.items() if becomes == argument and option in kubernetes.keys.known()), None)
    return {own: path} if own else {OPTION: [f"{argument}={path}"]}


def twice(options: Mapping[str, Any], argument: str) -> Iterator[Fault]:
    """Options that say what Stardock writes, where `argument` names a file of its own."""
    wanted = (AUDIT, _PATH, _AGE, _BACKUPS, _SIZE) if argument == AUDIT else (argument,)
    for option, becomes in _OPTIONS.items():
        if option in options and becomes == argument:
            yield Fault(option, f"`{option}` names another file", "delete it here")
    for item, text in enumerate(items(options, OPTION)):
        if named(text)[0] in wanted:
            yield Fault(OPTION, f"`{named(text)[0]}` is an argument that it becomes", "delete it here", item)
