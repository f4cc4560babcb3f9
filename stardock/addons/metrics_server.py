"""metrics-server, which both distributions bring: other values for the chart, where it is one (`Kubernetes.metrics_chart`).

Switching it off is an option, `disable` (`stardock.spec.derived`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stardock.addons.charts import NAMESPACE
from stardock.model.addons import Addon
from stardock.yamltext import yaml_text

NAME = "metrics-server"


def addon(values: Mapping[str, Any], chart: str) -> Addon:
    """What cluster.yaml's `addons.metrics_server.values` come to."""
    config = {
        "apiVersion": "helm.cattle.io/v1",
        "kind": "HelmChartConfig",
        "metadata": {"name": chart, "namespace": NAMESPACE},
        "spec": {"valuesContent": yaml_text(values)},
    }
    return Addon(
        name=NAME, version="", source=f"{chart}, which the distribution brings", namespace=NAMESPACE, values=values, files={NAME: (config,)}
    )
