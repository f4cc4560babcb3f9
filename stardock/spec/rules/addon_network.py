"""Add-ons that bring traffic to Services: one that hands out addresses, one ingress controller, ranges that do not meet."""

from __future__ import annotations

from collections.abc import Iterator

from stardock.distributions import distribution
from stardock.distributions.arguments import items
from stardock.distributions.ingress import NONE
from stardock.errors import Problem
from stardock.spec.addon_addresses import networks_of
from stardock.spec.addons import OwnChart
from stardock.spec.cluster import Spec
from stardock.spec.ip import IpNetwork
from stardock.spec.places import at

_INGRESS = ("traefik", "ingress-nginx")


def addon_network_rules(spec: Spec) -> Iterator[Problem]:
    """All of them."""
    yield from _one_lb(spec)
    yield from _pools_apart(spec)
    yield from _an_ingress_that_is_there(spec)
    yield from _one_ingress(spec)
    yield from _ways_out(spec)


def _one_lb(spec: Spec) -> Iterator[Problem]:
    addons, key = spec.addons, "enable-servicelb"
    if addons.metallb and addons.kube_vip:
        message = "MetalLB and kube-vip would both hand out addresses to the same Services"
        yield at(spec, ("addons", "kube_vip"), message, "delete it, or delete `addons.metallb`")
    for name, title in (("metallb", "MetalLB"), ("kube_vip", "kube-vip")):
        if getattr(addons, name) and spec.distribution.options.get(key) is True:
            message = f"ServiceLB and {title} would both hand out addresses to the same Services"
            yield at(spec, ("distribution", "options", key), message, f"delete `{key}`, or delete `addons.{name}`")


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


def _an_ingress_that_is_there(spec: Spec) -> Iterator[Problem]:
    wanted, own = spec.addons.ingress, distribution(spec.distribution.name)
    if wanted is None or wanted.source == "chart" or wanted.controller == NONE:
        return
    keys = ("addons", "ingress", "controller")
    if wanted.controller not in own.ingress_charts:
        message = f"{own.title} brings {' and '.join(own.ingress_charts)}, and no {wanted.controller}"
        yield at(spec, keys, message, "write `source: chart` beside it for its makers' own chart")
        return
    chart = own.ingress_charts[wanted.controller]
    if chart in disabled(spec):
        message = f"`{chart}` is disabled here, and `addons.ingress` asks for it"
        yield at(spec, ("distribution", "options", "disable"), message, f"delete `{chart}`")


def _one_ingress(spec: Spec) -> Iterator[Problem]:
    wanted, own = spec.addons.ingress, distribution(spec.distribution.name)
    for c, chart in enumerate(spec.addons.charts):
        found = _controller(chart)
        if wanted is not None and wanted.controller != NONE and found:
            message = f"`{chart.name}` is an ingress controller, {found}, and `addons.ingress` brings one already"
            cure = "delete it, or write `controller: none` under `addons.ingress`"
            yield at(spec, ("addons", "charts", c), message, cure)
        elif wanted is None and found and _brings_an_ingress(spec):
            message = f"`{chart.name}` is an ingress controller, {found}, and {own.title} brings one of its own"
            yield at(spec, ("addons", "charts", c), message, "write `ingress: {controller: none}` under `addons`, or delete the chart")


def _brings_an_ingress(spec: Spec) -> bool:
    """Whether the distribution does as far as options say: which of two it would take is not known of a cluster that exists."""
    own, options = distribution(spec.distribution.name), spec.distribution.options
    named = items(options, own.ingress_option) if own.ingress_option in options else []
    return named != [NONE] and not set(own.ingress_charts.values()) & set(disabled(spec))


def disabled(spec: Spec) -> list[str]:
    """What of the distribution's own is switched off by its option."""
    return [part.strip() for text in items(spec.distribution.options, "disable") for part in text.split(",")]


def _controller(chart: OwnChart) -> str:
    """The ingress controller that a chart of one's own is, by the last part of its name; empty for all others."""
    name = (chart.chart or "").rstrip("/").rpartition("/")[2].partition(":")[0]
    return name if name in _INGRESS else ""


def _ways_out(spec: Spec) -> Iterator[Problem]:
    """What cilium demands of them (Documentation/network/egress-gateway), and nodes for them to go through."""
    ways = spec.addons.egress
    cni, pools = spec.cni, {pool.name: pool for pool in spec.pools}
    asked = {"egressGateway.enabled": cni.values.get("egressGateway"), "bpf.masquerade": cni.values.get("bpf")}
    told = all(isinstance(part, dict) and part.get(path.rpartition(".")[2]) is True for path, part in asked.items())
    if ways and (cni.plugin != "cilium" or cni.kube_proxy or not told):
        cure = "write cni: {plugin: cilium, kube_proxy: false, values: {egressGateway: {enabled: true}, bpf: {masquerade: true}}}"
        yield at(spec, ("addons", "egress"), "only cilium without kube-proxy has an egress gateway, and it must be told to have one", cure)
    for w, way in enumerate(ways):
        pool = pools.get(way.pool)
        if pool is None or pool.role == "loadbalancer":
            of_nodes = ", ".join(name for name, one in pools.items() if one.role != "loadbalancer")
            why = "no pool of that name is there" if pool is None else "load balancers are no nodes"
            yield at(spec, ("addons", "egress", w, "pool"), f"nothing leaves through `{way.pool}`: {why}", f"write one of {of_nodes}")
        if any(way.name == other.name for other in ways[:w]):
            yield at(spec, ("addons", "egress", w, "name"), f"two ways are named `{way.name}`", "give one of them another name")
