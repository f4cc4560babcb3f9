"""`cni` held against the distribution, the interfaces of machines, and what is said of the plugin's chart elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from stardock.distributions import distribution, network
from stardock.distributions.cidrs import is_dual_stack
from stardock.distributions.network import Wanted, network_faults, twice
from stardock.errors import Problem
from stardock.model.mesh import INTERFACE
from stardock.nearest import nearest
from stardock.spec.cluster import Keys, Spec
from stardock.spec.derived import all_options
from stardock.spec.places import at
from stardock.spec.pools import Pool
from stardock.systems import system

_KUBE_PROXY = "disable-kube-proxy"


def cni_rules(spec: Spec) -> Iterator[Problem]:
    """All of them; those of charts and interfaces only where the plugin can be had."""
    own, options = distribution(spec.distribution.name), all_options(spec)
    faults = list(network_faults(own.title, own.network, spec.cni.wanted(), options, own.plugin(options)))
    for fault in faults:
        yield at(spec, ("cni", fault.key), fault.message, fault.cure)
    if not any(fault.key == "plugin" for fault in faults):
        yield from _kube_proxy(spec)
        yield from _interfaces(spec)
        yield from _values(spec)


def chart_values(spec: Spec) -> tuple[str, dict[str, Any]]:
    """Name of the plugin's chart, and what `cni` comes to there without the user's own values."""
    own, options = distribution(spec.distribution.name), all_options(spec)
    plugin = own.plugin(options)
    values = own.network.values(plugin, _wanted(spec), is_dual_stack(options)) if own.network.values else {}
    return (own.network.chart or "").format(plugin), values


def _wanted(spec: Spec) -> Wanted:
    """What `cni` says, and the mesh that its packets go over."""
    return replace(spec.cni.wanted(), mesh=network.Mesh(interface=INTERFACE, mtu=spec.mesh.mtu) if spec.mesh else None)


def _kube_proxy(spec: Spec) -> Iterator[Problem]:
    """Of the option no plugin would hear."""
    if "cni" in spec.model_fields_set and spec.cni.kube_proxy and spec.distribution.options.get(_KUBE_PROXY) is True:
        message = f"`{_KUBE_PROXY}` takes kube-proxy away, and `cni` does not say so: no plugin would take its place"
        yield at(spec, ("distribution", "options", _KUBE_PROXY), message, "delete it here, and write `kube_proxy: false` under `cni`")


def _interfaces(spec: Spec) -> Iterator[Problem]:
    """One name for all nodes."""
    wanted, own = spec.cni.interface, distribution(spec.distribution.name)
    if wanted is None or (spec.mesh and wanted == INTERFACE):
        return
    alone = own.plugin(all_options(spec)) in own.network.by_first_address
    for pool in (pool for pool in spec.pools if pool.role != "loadbalancer"):
        names = [nic.name for nic in spec.interfaces_of(pool)]
        found = _unnamed(spec, pool) or _unknown(wanted, pool, names) or (alone and _not_first(wanted, pool, names))
        if found:
            yield at(spec, ("cni", "interface"), *found)
            return


def _unnamed(spec: Spec, pool: Pool) -> tuple[str, str] | None:
    own = system(spec.image_of(pool).system)
    if own.names_interfaces:
        return None
    return f"{own.title}, of pool {pool.name}, gives interfaces names of its own, and none would be called so", "delete it"


def _unknown(wanted: str, pool: Pool, names: list[str]) -> tuple[str, str] | None:
    if wanted in names:
        return None
    near = nearest(wanted, names)
    cure = f"did you mean `{near}`?" if near else "write a name that interfaces of all pools have (`name:` of an interface)"
    return f"machines of pool {pool.name} have no interface `{wanted}`, but {', '.join(names)}", cure


def _not_first(wanted: str, pool: Pool, names: list[str]) -> tuple[str, str] | None:
    if names[0] == wanted:
        return None
    message = f"cilium's tunnels go between the nodes' own addresses, those of `{names[0]}`, the first interface of pool {pool.name}"
    return message, f"write `{names[0]}`, or put `{wanted}` first in the list of interfaces"


def _values(spec: Spec) -> Iterator[Problem]:
    chart, ours = chart_values(spec)
    for path in twice(ours, spec.cni.values):
        yield at(spec, ("cni", "values", *path.split(".")), f"`{path}` is what other keys of `cni` come to", "delete it here")
    if chart and (ours or spec.cni.values):
        for keys, content in _users_files(spec):
            if _is_config_of(chart, content):
                message = f"this file holds a HelmChartConfig of {chart}, and `cni` becomes another: the last that is applied would count"
                yield at(spec, keys, message, "write its values under `cni.values`, and delete the file")


def _is_config_of(chart: str, content: str) -> bool:
    return "HelmChartConfig" in content and re.search(rf"\bname:\s*[\"']?{re.escape(chart)}\b", content) is not None


def _users_files(spec: Spec) -> Iterator[tuple[Keys, str]]:
    places: list[tuple[Keys, Any]] = [((), spec.cloud_init), *((("pools", p), pool.cloud_init) for p, pool in enumerate(spec.pools))]
    for keys, own in places:
        for f, file in enumerate(own.user_data.write_files):
            yield (*keys, "cloud_init", "user_data", "write_files", f, "content"), file.content or ""
