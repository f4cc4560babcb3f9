"""Addresses that add-ons hand out, held against all that is planned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

from stardock.distributions.cidrs import CIDRS, cidrs
from stardock.errors import Problem
from stardock.model.api import is_address
from stardock.model.machine import Machine
from stardock.plan.allocation.claims import static_addresses
from stardock.plan.views.worksheet import fixed
from stardock.spec.addons import networks_of
from stardock.spec.places import at

if TYPE_CHECKING:  # pydantic takes a tenth of a second
    from stardock.spec.cluster import Spec
    from stardock.spec.ip import IpAddress


def addon_problems(spec: Spec, machines: Mapping[str, Machine]) -> Iterator[Problem]:
    """MetalLB answers for each of its addresses: one that somebody has would be at two places. `machines` are all that will exist."""
    metallb = spec.addons.metallb
    taken = [*_taken(spec, machines)] if metallb else []
    for p, pool in enumerate(metallb.pools if metallb else ()):
        for a, text in enumerate(pool.addresses):
            keys = ("addons", "metallb", "pools", p, "addresses", a)
            networks = networks_of(text)
            inside = next((whose for address, whose in taken if any(address in network for network in networks)), None)
            if inside is not None:
                yield at(spec, keys, f"{text} of pool {pool.name} holds the address of {inside}", "write a range of free addresses")
            for key in CIDRS:
                for theirs in map(ip_network, cidrs(spec.distribution.options, key)):
                    if any(one.version == theirs.version and one.overlaps(theirs) for one in networks):
                        message = f"{text} of pool {pool.name} is among the cluster's own addresses, {theirs} (`{key}`)"
                        yield at(spec, keys, message, "write a range of free addresses")


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
