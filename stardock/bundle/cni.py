"""A HelmChartConfig for the network plugin's chart, among the manifests of each server before its first start.

The distribution's controller merges it with the chart's values (docs.rke2.io/add-ons/helm). Taking the manifest away leaves it in the
cluster.
"""

from __future__ import annotations

from stardock.distributions import distribution
from stardock.model.plan import Plan
from stardock.systems import HEAD
from stardock.yamltext import yaml_text

_FILE = "stardock-cni.yaml"


def network_files(plan: Plan) -> list[dict[str, str]]:
    """A server's files about the network of pods."""
    own = distribution(plan.distribution.name)
    path = f"{own.manifests}/{_FILE}"
    if plan.network is None:
        return [{"path": path, "state": "absent"}]
    config = {
        "apiVersion": "helm.cattle.io/v1",
        "kind": "HelmChartConfig",
        "metadata": {"name": plan.network.name, "namespace": "kube-system"},
        "spec": {"valuesContent": yaml_text(plan.network.values)},
    }
    folder = {"path": own.server_dir, "state": "directory", "mode": "0700"}
    return [folder, {"path": path, "content": HEAD + yaml_text(config), "mode": "0600", "directory_mode": "0700"}]
