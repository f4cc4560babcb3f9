"""The user's own charts and manifests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from stardock.addons import own
from stardock.addons.charts import Chart
from stardock.model.addons import Addon
from stardock.plan.addons.wish import wish_of

if TYPE_CHECKING:  # pydantic takes a tenth of a second
    from stardock.spec.addons import Addons, OwnChart


def own_addons(wanted: Addons) -> Iterator[Addon]:
    """In the order of cluster.yaml."""
    yield from (_chart(wanted, chart) for chart in wanted.charts)
    for path, objects in wanted.objects.items():
        yield own.manifest_addon(path.rpartition("/")[2].partition(".")[0], path, objects)


def _chart(wanted: Addons, chart: OwnChart) -> Addon:
    wish = wish_of(wanted, chart)
    where = Chart(
        name=chart.chart or str(chart.archive),
        release=chart.name,
        repository=chart.repo or "",
        version=wish.version or "",
        namespace=chart.namespace,
    )
    bootstrap: dict[str, Any] = {"bootstrap": True} if chart.bootstrap else {}
    return own.chart_addon(where, wish, createNamespace=True, **bootstrap)
