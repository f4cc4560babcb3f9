"""A chart as a HelmChart, which the distribution's own helm-controller installs, upgrades and uninstalls.

Its fields: k3s-io/helm-controller, pkg/apis/helm.cattle.io/v1/types.go (2026-07-27). `valuesSecrets` are read from the HelmChart's own
namespace, and servers' charts are looked for in kube-system (pkg/controllers/chart/chart.go, `shouldManage`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stardock.model.addons import Wish
from stardock.yamltext import yaml_text

NAMESPACE = "kube-system"
#: The default, reinstall, uninstalls a release that failed, with its CRDs and claims (k3s-io/klipper-helm, entry).
_FAILURE = "abort"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A chart, where it comes from, and where it goes. `repository` is empty for an archive and for a whole URL."""

    name: str
    release: str
    repository: str
    version: str
    namespace: str

    def source(self, wish: Wish) -> str:
        """For people: where it comes from, as it is wished."""
        return wish.file or (f"{self.name} of {self.repository}" if self.repository else self.name)


def merged(ours: Mapping[str, Any], users: Mapping[str, Any]) -> dict[str, Any]:
    """The user's values over ours: mappings key by key, everything else whole, as Helm merges two files of values."""
    both = {
        key: merged(value, users[key]) for key, value in ours.items() if isinstance(value, Mapping) and isinstance(users.get(key), Mapping)
    }
    return {**ours, **users, **both}


def helm_chart(chart: Chart, values: Mapping[str, Any], wish: Wish, **more: Any) -> dict[str, Any]:
    """The object. `more` are further fields of its spec."""
    remote = {"repo": chart.repository, "chart": chart.name, "version": chart.version}
    source = {"chartContent": wish.archive} if wish.archive else {key: value for key, value in remote.items() if value}
    secrets = [{"name": one.name, "keys": list(one.keys)} for one in wish.values_secrets]
    return {
        "apiVersion": "helm.cattle.io/v1",
        "kind": "HelmChart",
        "metadata": {"name": chart.release, "namespace": NAMESPACE},
        "spec": {
            **source,
            "targetNamespace": chart.namespace,
            "failurePolicy": _FAILURE,
            **more,
            **({"valuesContent": yaml_text(values)} if values else {}),
            **({"valuesSecrets": secrets} if secrets else {}),
        },
    }


def privileged_namespace(name: str) -> dict[str, Any]:
    """A namespace whose pods may do what pods of an add-on must, whatever the cluster's default of pod security is."""
    labels = {"pod-security.kubernetes.io/enforce": "privileged"}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}
