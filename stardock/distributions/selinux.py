"""A distribution's own SELinux policy: where it comes from on which base policy, and what of the distribution's it has to label."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How a base policy gets it: the package is in the system's repositories (`url` None), or is fetched, its checksum asked for."""

    url: str | None = None
    module: str = ""  # CIL that is loaded beside it


@dataclass(frozen=True, slots=True, kw_only=True)
class Confinement:
    """All of it. `labelled` (patterns of the shell) get their labels before the first start, `folders` are made for that."""

    package: str
    policies: Mapping[str, Policy]  # by base policy (`System.policy`)
    folders: tuple[str, ...]
    labelled: tuple[str, ...]

    def can_confine(self, base: str | None, sha256: str | None) -> bool:
        """Whether a machine of this base policy can run it under its own policy; `sha256` is that of the package that is fetched."""
        policy = self.policies.get(base or "")
        return policy is not None and (policy.url is None or sha256 is not None)

    def packages(self, base: str | None) -> tuple[str, ...]:
        """What a machine that runs it under its policy installs from its system's repositories."""
        policy = self.policies.get(base or "")
        return (self.package,) if policy and policy.url is None else ()

    def variables(self, base: str | None, url: str | None, sha256: str | None) -> dict[str, Any]:
        """What the roles of such a machine need: the distribution's its module and labels, `machine` the package that no repository has."""
        policy = self.policies[base or ""]
        labels = {
            "kubernetes_selinux_module": policy.module,
            "kubernetes_selinux_folders": list(self.folders),
            "kubernetes_selinux_labelled": list(self.labelled),
        }
        if policy.url is None:
            return labels
        return {**labels, "machine_fetched_packages": [{"name": self.package, "url": url or policy.url, "sha256": sha256}]}
