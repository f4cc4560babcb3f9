"""Options of pools and machines of their own, held against those of the cluster."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from stardock.distributions import distribution
from stardock.distributions.fault import Fault
from stardock.distributions.own_options import merged, own_option_faults
from stardock.errors import Problem
from stardock.spec.cluster import Keys, Spec
from stardock.spec.network import RoleName
from stardock.spec.places import at

#: Where options are, what they are beside, and they themselves.
_Place = tuple[Keys, Mapping[str, Any], Mapping[str, Any]]


def own_options_fit(spec: Spec) -> Iterator[Problem]:
    """For the release where it is stated, else for every release (then `stardock.plan.distribution` asks again)."""
    for p, pool in enumerate(spec.pools):
        places: list[_Place] = [(("pools", p, "options"), spec.distribution.options, pool.options)]
        if pool.machines is not None:
            beside = merged(spec.distribution.options, pool.options)
            places += [(("pools", p, "machines", m, "options"), beside, machine.options) for m, machine in enumerate(pool.machines)]
        for keys, common, own in places:
            if own:
                yield from _problems(spec, pool.role, keys, common, own)
    for h, host in enumerate(spec.hosts):
        if host.options:
            yield from _problems(spec, host.role, ("hosts", h, "options"), spec.distribution.options, host.options)


def _problems(spec: Spec, role: RoleName, keys: Keys, common: Mapping[str, Any], own: Mapping[str, Any]) -> Iterator[Problem]:
    if role == "loadbalancer":
        yield at(spec, keys, "load balancers run no Kubernetes, and have no options", "delete it")
        return
    for fault in own_option_faults(distribution(spec.distribution.name), role, common, own, spec.distribution.version or ""):
        yield at(spec, (*keys, fault.key, *_item(fault, own)), fault.message, fault.cure)


def _item(fault: Fault, own: Mapping[str, Any]) -> tuple[int, ...]:
    return (fault.item,) if fault.item is not None and isinstance(own.get(fault.key), list | tuple) else ()
