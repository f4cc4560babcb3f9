"""What the network plugin's chart is told, as the plan has it; everything else of `cni` are options (`stardock.spec.derived`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stardock.distributions.network import merged_values
from stardock.model.settings import Chart
from stardock.spec.rules.cni import chart_values

if TYPE_CHECKING:  # pydantic takes a tenth of a second
    from stardock.spec.cluster import Spec


def chart_of(spec: Spec) -> Chart | None:
    """Its values: those that `cni` comes to, and the user's own."""
    name, ours = chart_values(spec)
    values = merged_values(ours, spec.cni.values)
    return Chart(name=name, values=values) if values else None
