"""The user's own charts and manifests, handed over as the others are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from stardock.addons.charts import Chart, helm_chart
from stardock.model.addons import Addon, Wish


def chart_addon(chart: Chart, wish: Wish, **more: Any) -> Addon:
    """One of `addons.charts`; `more` are further fields of the HelmChart's spec."""
    name = f"chart-{chart.release}"
    return Addon(
        name=name,
        version=chart.version,
        source=chart.source(wish),
        namespace=chart.namespace,
        values=wish.values,
        files={name: (helm_chart(chart, wish.values, wish, **more),)},
    )


def manifest_addon(name: str, path: str, objects: Sequence[Mapping[str, Any]]) -> Addon:
    """One file of `addons.manifests`."""
    full = f"manifest-{name}"
    return Addon(name=full, version="", source=path, namespace="", files={full: tuple(objects)})
