"""`addons` held against the distribution, its options, and each other."""

from __future__ import annotations

from collections.abc import Iterator

from stardock.distributions import distribution
from stardock.errors import Problem
from stardock.spec.addons import networks_of
from stardock.spec.cluster import Spec
from stardock.spec.ip import IpNetwork
from stardock.spec.places import at

#: Releases in kube-system that Stardock brings.
_OURS = frozenset({"kured", "metallb", "cert-manager"})


def addon_rules(spec: Spec) -> Iterator[Problem]:
    """All of them."""
    yield from _a_controller(spec)
    yield from _one_lb(spec)
    yield from _values_of_plain_manifests(spec)
    yield from _names(spec)
    yield from _pools_apart(spec)


def _a_controller(spec: Spec) -> Iterator[Problem]:
    """Charts are handed over as HelmCharts, which only the distribution's Helm controller installs."""
    key = "disable-helm-controller"
    if spec.distribution.options.get(key) is True:
        for keys, _ in spec.addons.all_charts():
            message = f"nobody would install this chart: `{key}` takes the controller away that reads HelmCharts"
            yield at(spec, keys, message, f"delete `{key}`, or delete the chart here")


def _one_lb(spec: Spec) -> Iterator[Problem]:
    key = "enable-servicelb"
    if spec.addons.metallb and spec.distribution.options.get(key) is True:
        message = "ServiceLB and MetalLB would both hand out addresses to the same Services"
        yield at(spec, ("distribution", "options", key), message, f"delete `{key}`, or delete `addons.metallb`")


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


def _pools_apart(spec: Spec) -> Iterator[Problem]:
    """MetalLB takes no configuration whose pools overlap (internal/config, `poolsFor`)."""
    metallb = spec.addons.metallb
    taken: list[tuple[str, IpNetwork]] = []
    for p, pool in enumerate(metallb.pools if metallb else ()):
        for a, text in enumerate(pool.addresses):
            networks = networks_of(text)
            other = next((name for name, theirs in taken if any(_meet(theirs, one) for one in networks)), None)
            if other is not None:
                keys = ("addons", "metallb", "pools", p, "addresses", a)
                yield at(spec, keys, f"{text} of pool {pool.name} overlaps with pool {other}", "write ranges that do not meet")
            taken += [(pool.name, one) for one in networks]


def _meet(one: IpNetwork, other: IpNetwork) -> bool:
    return one.version == other.version and one.overlaps(other)
