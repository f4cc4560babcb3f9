"""Add-ons held against all that is planned: the addresses that they hand out, the objects that they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any

from stardock.addons.kube_vip import NAME
from stardock.addons.storage_class import DEFAULT
from stardock.distributions import distribution
from stardock.distributions.cidrs import CIDRS, cidrs
from stardock.errors import Problem
from stardock.model.api import is_address
from stardock.model.machine import Machine
from stardock.model.plan import Plan
from stardock.plan.allocation.claims import static_addresses
from stardock.plan.rules.addon_storage import addon_storage_problems
from stardock.plan.views.worksheet import fixed
from stardock.spec.addon_addresses import networks_of
from stardock.spec.keypath import path_text
from stardock.spec.places import at
from stardock.spec.rules.addon_storage import beside_the_distributions, default_classes

if TYPE_CHECKING:  # pydantic takes a tenth of a second
    from stardock.spec.cluster import Spec
    from stardock.spec.ip import IpAddress
    from stardock.spec.keypath import Keys


def addon_problems(spec: Spec, machines: Mapping[str, Machine]) -> Iterator[Problem]:
    """Somebody answers for each address of a Service: one that a machine has would be at two places. `machines` are all that will exist."""
    yield from addon_storage_problems(spec, machines)
    ranges = [*_ranges(spec)]
    taken = [*_taken(spec, machines)] if ranges else []
    for keys, text, whose in ranges:
        networks = networks_of(text)
        inside = next((name for address, name in taken if any(address in network for network in networks)), None)
        if inside is not None:
            yield at(spec, keys, f"{text} of {whose} holds the address of {inside}", "write a range of free addresses")
        for key in CIDRS:
            for theirs in map(ip_network, cidrs(spec.distribution.options, key)):
                if any(one.version == theirs.version and one.overlaps(theirs) for one in networks):
                    message = f"{text} of {whose} is among the cluster's own addresses, {theirs} (`{key}`)"
                    yield at(spec, keys, message, "write a range of free addresses")


def _ranges(spec: Spec) -> Iterator[tuple[Keys, str, str]]:
    """The ranges of addresses for Services, each with its key path and whose it is."""
    metallb, kube_vip = spec.addons.metallb, spec.addons.kube_vip
    for p, pool in enumerate(metallb.pools if metallb else ()):
        yield from ((("addons", "metallb", "pools", p, "addresses", a), text, f"pool {pool.name}") for a, text in enumerate(pool.addresses))
    yield from ((("addons", "kube_vip", "addresses", a), text, "kube_vip") for a, text in enumerate(kube_vip.addresses if kube_vip else ()))


def object_problems(spec: Spec, plan: Plan) -> Iterator[Problem]:
    """An object in two manifests is applied by turns, and goes when one of them goes. Those of `plan` are in the order of cluster.yaml."""
    cni = {"apiVersion": _HELM, "kind": "HelmChartConfig", "metadata": {"name": plan.network.name if plan.network else ""}}
    seen = {_identity(cni, "kube-system"): "Stardock's, of `cni.values`,"}
    charts = distribution(plan.distribution.name).chart_names
    for addon in plan.addons:
        for one in (one for objects in addon.files.values() for one in objects):
            key, name = _identity(one), one["metadata"]["name"]
            theirs = key[:2] == (_HELM.partition("/")[0], "HelmChart") and name.startswith(charts)
            whose = f"the HelmChart of {plan.distribution.name}" if theirs else "Stardock's" if name == NAME else seen.get(key)
            if whose:
                message = f"{one['kind']} {name} of {addon.source} is {whose} already: they would take turns"
                yield at(spec, _place(spec, addon.source), message, "give it another name, or delete it in one of the two")
            seen[key] = f"in {addon.source}"
    yield from _defaults_among_manifests(spec)


def _defaults_among_manifests(spec: Spec) -> Iterator[Problem]:
    """A default class in a manifest of the user's, beside another one."""
    others = [f"`{path_text(keys)}` is the default class already" for keys in default_classes(spec)]
    for path, objects in spec.addons.objects.items():
        for one in (one for one in objects if one["kind"] == "StorageClass" and _is_default(one)):
            keys = _place(spec, path)
            if others:
                yield at(spec, keys, others[0], f"delete the annotation {DEFAULT} from one of the two")
            else:
                yield from beside_the_distributions(spec, keys)
            others.append(f"the class `{one['metadata']['name']}` of {path} is the default already")


def _is_default(one: Mapping[str, Any]) -> bool:
    annotations = one["metadata"].get("annotations")
    return isinstance(annotations, Mapping) and str(annotations.get(DEFAULT)).lower() == "true"


_HELM = "helm.cattle.io/v1"


def _identity(one: Mapping[str, Any], namespace: str = "default") -> tuple[str, str, str, str]:
    metadata = one["metadata"]
    return one["apiVersion"].rpartition("/")[0], one["kind"], metadata.get("namespace") or namespace, metadata["name"]


def _place(spec: Spec, path: str) -> Keys:
    """Where a manifest is named, as a file or by its folder; else all add-ons."""
    entries = enumerate(spec.addons.manifests)
    return next((("addons", "manifests", m) for m, name in entries if path == name or path.startswith(f"{name.rstrip('/')}/")), ("addons",))


def _taken(spec: Spec, machines: Mapping[str, Machine]) -> Iterator[tuple[IpAddress, str]]:
    for name, machine in machines.items():
        yield from ((ip_address(text), f"{name}, {text}") for nic in machine.interfaces for text in static_addresses(nic))
    yield from ((address, f"{whose}, {address}") for address, whose in fixed(spec))
    servers = {text for machine in machines.values() for nic in machine.interfaces for text in nic.dns if is_address(text)}
    yield from ((ip_address(text), f"a name server, {text}") for text in sorted(servers))
    if spec.api.external and is_address(spec.api.external):
        yield ip_address(spec.api.external), f"the API, {spec.api.external}"
    for backend in spec.api.haproxy.backends:
        if is_address(backend.address):
            yield ip_address(backend.address), f"the backend {backend.name}, {backend.address}"
