"""`addons` held against the distribution, its options, and each other."""

from __future__ import annotations

from collections.abc import Iterator

from stardock.distributions import distribution
from stardock.distributions.ingress import NONE
from stardock.errors import Problem
from stardock.spec.addon_chart import AddonChart
from stardock.spec.addons import Addons
from stardock.spec.cluster import Spec
from stardock.spec.places import at
from stardock.spec.rules.addon_network import addon_network_rules
from stardock.spec.rules.addon_storage import addon_storage_rules
from stardock.spec.sections import sections_of

#: Releases in kube-system that Stardock brings.
_OURS = frozenset(
    release
    for field in Addons.model_fields.values()
    for model in sections_of(field.annotation)
    if issubclass(model, AddonChart)
    for release in model.releases()
)


def addon_rules(spec: Spec) -> Iterator[Problem]:
    """All of them."""
    yield from _a_controller(spec)
    yield from addon_network_rules(spec)
    yield from addon_storage_rules(spec)
    yield from _values_of_plain_manifests(spec)
    yield from _names(spec)


def _a_controller(spec: Spec) -> Iterator[Problem]:
    """Charts are handed over as HelmCharts, which only the distribution's Helm controller installs."""
    key = "disable-helm-controller"
    if spec.distribution.options.get(key) is True:
        for keys in (keys for keys, chart in spec.addons.all_charts() if chart.chart_name != NONE):
            message = f"nobody would install this chart: `{key}` takes the controller away that reads HelmCharts"
            yield at(spec, keys, message, f"delete `{key}`, or delete the chart here")


def _values_of_plain_manifests(spec: Spec) -> Iterator[Problem]:
    own = distribution(spec.distribution.name)
    if spec.addons.metrics_server.values and not own.metrics_chart:
        message = f"{own.title} brings metrics-server as plain manifests, which take no values"
        cure = "delete `values`; or write `enabled: false`, and a chart of metrics-server under `charts`"
        yield at(spec, ("addons", "metrics_server", "values"), message, cure)


def _names(spec: Spec) -> Iterator[Problem]:
    """A HelmChart's name is its release's: two of one name would take turns."""
    seen: set[str] = set()
    theirs = distribution(spec.distribution.name).chart_names
    for c, chart in enumerate(spec.addons.charts):
        keys = ("addons", "charts", c, "name")
        if chart.name in seen:
            yield at(spec, keys, f"two charts are named `{chart.name}`", "give one of them another name")
        if chart.name in _OURS or chart.name.startswith(theirs):
            message = f"`{chart.name}` is a HelmChart that Stardock or the distribution brings"
            yield at(spec, keys, message, f"choose another name, for example own-{chart.name}")
        seen.add(chart.name)
