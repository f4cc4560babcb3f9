"""Rules about the networks of pods and services: families in order and alike, machines that have them, no overlap with machines."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address, ip_network

from stardock.distributions.cidrs import CIDRS, cidrs, is_dual_stack
from stardock.errors import Problem
from stardock.spec.cluster import Keys, Spec
from stardock.spec.ip import IpNetwork
from stardock.spec.places import at

_FAMILIES = ([4], [4, 6])


def cluster_network_rules(spec: Spec) -> Iterator[Problem]:
    """All of them; those between networks only when each is one."""
    broken = [problem for key in CIDRS for problem in _malformed(spec, key)]
    if broken:
        yield from broken
        return
    networks = {key: [ip_network(text) for text in cidrs(spec.distribution.options, key)] for key in CIDRS}
    yield from _families(spec, networks)
    yield from _dns(spec, networks["service-cidr"])
    yield from _overlaps(spec, networks)
    if is_dual_stack(spec.distribution.options):
        yield from _machines_without_ipv6(spec)


def _keys(key: str) -> Keys:
    return ("distribution", "options", key)


def _malformed(spec: Spec, key: str) -> Iterator[Problem]:
    for text in cidrs(spec.distribution.options, key):
        try:
            sound = "/" in text and ip_network(text)
        except ValueError:
            sound = False
        if not sound:
            message = f"`{text}` is not a network in CIDR form without host bits"
            yield at(spec, _keys(key), message, f"write for example {CIDRS[key][1]}, and one of IPv6 behind it for dual stack")


def _families(spec: Spec, networks: dict[str, list[IpNetwork]]) -> Iterator[Problem]:
    """IPv4 first, since the VIP and the addresses that machines join are IPv4; both options alike, as Kubernetes wants it."""
    found = {key: [network.version for network in of] for key, of in networks.items()}
    for key, versions in found.items():
        if versions not in _FAMILIES:
            words = ", ".join(f"IPv{version}" for version in versions)
            message = f"{key} holds {words}; it takes one IPv4 network, or one and an IPv6 network behind it"
            yield at(spec, _keys(key), message, "Stardock's machines join by IPv4: put that first")
    pods, services = found.values()
    if pods != services and pods in _FAMILIES and services in _FAMILIES:
        lacking = "service-cidr" if len(pods) > len(services) else "cluster-cidr"
        other = next(key for key in CIDRS if key != lacking)
        message = f"{other} is dual stack and {lacking} is IPv4 alone: {', '.join(cidrs(spec.distribution.options, lacking))}"
        yield at(spec, _keys(other), message, f"add an IPv6 network to `{lacking}` too, or take it out here")


def _dns(spec: Spec, services: list[IpNetwork]) -> Iterator[Problem]:
    """The Service of the cluster's DNS has this address, and the API server gives none that is outside of its network."""
    value = spec.distribution.options.get("cluster-dns") or []
    for text in (part.strip() for item in (value if isinstance(value, list | tuple) else [value]) for part in str(item).split(",")):
        try:
            inside = any(ip_address(text) in network for network in services)
        except ValueError:
            inside = False
        if not inside:
            message = f"`{text}` is no address of the network of services ({', '.join(map(str, services))})"
            yield at(spec, _keys("cluster-dns"), message, "delete it: the default is the tenth address there")


def _overlaps(spec: Spec, networks: dict[str, list[IpNetwork]]) -> Iterator[Problem]:
    """A machine could not be reached from pods, or a pod from machines."""
    for keys, interfaces in spec.interface_lists():
        for i, nic in enumerate(interfaces):
            for static in nic.ranges:
                for key, network in ((key, network) for key, of in networks.items() for network in of):
                    if network.version == static.base.version and network.overlaps(static.network):
                        message = f"{static.network} overlaps {network}, the network of {CIDRS[key][0]} ({key})"
                        where = ("static", "base") if static.base.version == 4 else ("ipv6", "static", "base")  # noqa: PLR2004
                        cure = f"move the machines, or write another `{key}` under distribution.options before the cluster is founded"
                        yield at(spec, (*keys, i, *where), message, cure)


def _machines_without_ipv6(spec: Spec) -> Iterator[Problem]:
    for p, pool in enumerate(spec.pools):
        own = spec.interfaces_of(pool)[0]
        if pool.role != "loadbalancer" and pool.members and own.ipv6 is None:
            keys: Keys = ("network", pool.role) if pool.interfaces is None else ("pools", p, "interfaces")
            message = f"the cluster is dual stack (cluster-cidr), and `{own.name}`, the first interface of pool {pool.name}, has no IPv6"
            yield at(spec, (*keys, 0), message, "add `ipv6: ...` to it, or take the IPv6 networks out of cluster-cidr and service-cidr")
