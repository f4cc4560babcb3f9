"""What an API server of the version that we claim would say to its authentication-config: ours, a newer one, would say yes.

Facts of Kubernetes: the kinds of apiserver.config.k8s.io (v1alpha1 with 1.29, v1beta1 with 1.30, v1 with 1.34), the field `anonymous`
(1.31 behind the gate AnonymousAuthConfigurableEndpoints, open from 1.32: pkg/features/kube_features.go, KEP-4633), and the words of
pkg/kubeapiserver/options/authentication.go. Until `Flavor.anonymous_fixed` the distributions gave an
--anonymous-auth=false of their own beside it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from .flavor import OURS

FLAG = "authentication-config"
GROUP = "apiserver.config.k8s.io"
KIND = "AuthenticationConfiguration"
SINCE = {"v1alpha1": 29, "v1beta1": 30, "v1": 34}
ANONYMOUS_SINCE, ANONYMOUS_OPEN = 31, 32
GATE = "AnonymousAuthConfigurableEndpoints"


class Version(NamedTuple):
    """Minor and patch of a Kubernetes 1.x."""

    minor: int
    patch: int

    @classmethod
    def of(cls, text: str) -> Version:
        """Read v1.36.5+rke2r1; what is no such version counts as the newest."""
        found = re.match(r"v1\.(\d+)\.(\d+)", text)
        return cls(int(found[1]), int(found[2])) if found else cls(99, 0)


def leaves_anonymous_alone(version: Version) -> bool:
    """Whether this release gives no --anonymous-auth beside a user's authentication-config."""
    fixed = OURS.anonymous_fixed
    return version.minor > max(fixed) or version.patch >= fixed.get(version.minor, 1000)


def refusal(version: Version, users: Mapping[str, str]) -> str:
    """The API server's error, nothing when it would take the file. `users` are the user's flags."""
    file = users.get(FLAG, "")
    content = _read(file)
    group, _, written = str(content.get("apiVersion", "")).partition("/")
    if group != GROUP or content.get("kind") != KIND:
        return ""  # ours says this itself
    if version.minor < SINCE.get(written, 0):
        return f'{_failed(file)}no kind "{KIND}" is registered for version "{GROUP}/{written}" in scheme "pkg/runtime/scheme.go:111"'
    if "anonymous" not in content or version.minor >= ANONYMOUS_OPEN:
        return ""
    if version.minor < ANONYMOUS_SINCE:
        return f'{_failed(file)}strict decoding error: unknown field "anonymous"'
    open_gate = f"{GATE}=true" in users.get("feature-gates", "")
    return "" if open_gate else f"anonymous: Forbidden: anonymous is not supported when {GATE} feature gate is disabled"


def _read(file: str) -> dict[str, Any]:
    try:
        content = yaml.safe_load(Path(file).read_text()) if file else None
    except (OSError, yaml.YAMLError, UnicodeDecodeError):
        return {}
    return content if isinstance(content, dict) else {}


def _failed(file: str) -> str:
    return f'failed to load authentication configuration from file "{file}": '
