"""Audit policy, pod security, tokens: the API server's flags for them, and the files that RKE2 writes where the user names none.

Facts of rke2: pkg/executor/staticpod/staticpod.go `APIServer`, pkg/podtemplate/utils.go `WriteDefaultPolicyFile`, pkg/rke2/psa.go.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .config import Config
from .flavor import OURS
from .paths import Paths, write

EXEMPT = ["kube-system", "compliance-operator-system", "tigera-operator"]


def flags(paths: Paths, config: Config, users: Mapping[str, str]) -> dict[str, str]:
    """What RKE2 gives, and k3s does not; `users` are the user's flags."""
    if not OURS.has_profiles:
        return {}
    strict = config.text("profile") == "cis"
    tokens = {"service-account-extend-token-expiration": "false"} if strict else {}
    return {**_audit(paths, config, users, strict), **tokens, "admission-control-config-file": _security(paths, config, strict)}


def _audit(paths: Paths, config: Config, users: Mapping[str, str], strict: bool) -> dict[str, str]:
    policy = config.text("audit-policy-file") or (f"{paths.config}/audit-policy.yaml" if strict else "")
    if not policy:
        return {}
    file = paths.root / policy.lstrip("/")
    if not file.exists():
        write(file, json.dumps({"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "rules": [{"level": "None"}]}))
    path = {} if "audit-log-path" in users else {"audit-log-path": f"{paths.server}/logs/audit.log"}
    return {"audit-policy-file": str(file), "audit-log-maxage": "30", "audit-log-maxbackup": "10", "audit-log-maxsize": "100", **path}


def _security(paths: Paths, config: Config, strict: bool) -> str:
    """RKE2 writes its own at each start, also where the user names another."""
    own = paths.config / "rke2-pss.yaml"
    write(own, json.dumps(_admission("restricted" if strict else "privileged", EXEMPT if strict else [])))
    return config.text("pod-security-admission-config-file") or str(own)


def _admission(level: str, exempt: list[str]) -> dict[str, Any]:
    modes = ("enforce", "audit", "warn") if level == "restricted" else ("enforce",)
    security = {
        "apiVersion": "pod-security.admission.config.k8s.io/v1beta1", "kind": "PodSecurityConfiguration",
        "defaults": {key: value for mode in modes for key, value in ((mode, level), (f"{mode}-version", "latest"))},
        "exemptions": {"usernames": [], "runtimeClasses": [], "namespaces": exempt},
    }  # fmt: skip
    plugins = [{"name": "PodSecurity", "configuration": security}]
    return {"apiVersion": "apiserver.config.k8s.io/v1", "kind": "AdmissionConfiguration", "plugins": plugins}
