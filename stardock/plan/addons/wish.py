"""What cluster.yaml says of one chart, as add-ons take it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stardock.model.addons import ValuesSecret, Wish

if TYPE_CHECKING:  # pydantic takes a tenth of a second
    from stardock.spec.addon_chart import AddonChart
    from stardock.spec.addons import Addons


def wish_of(wanted: Addons, chart: AddonChart) -> Wish:
    """Its release, its values, and where further ones are."""
    secrets = tuple(ValuesSecret(name=one.name, keys=one.keys) for one in chart.values_secrets)
    version = wanted.archived_version(chart.archive) if chart.archive else chart.version
    return Wish(
        version=version or None,
        file=chart.archive or "",
        archive=wanted.archive(chart.archive),
        values=chart.values,
        values_secrets=secrets,
    )
