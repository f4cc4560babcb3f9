"""Rules of `mesh`: everybody has a site, sites reach each other, its network meets no other, and the network of pods goes over it alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any

from stardock.distributions import distribution
from stardock.distributions.cidrs import CIDRS, cidrs, is_dual_stack
from stardock.distributions.network import untunnelled
from stardock.errors import Problem
from stardock.fold import fold
from stardock.model.api import is_address
from stardock.model.mesh import INTERFACE, OVERHEAD
from stardock.nearest import nearest
from stardock.spec.addon_addresses import networks_of
from stardock.spec.cluster import Keys, Spec
from stardock.spec.derived import all_options
from stardock.spec.interface import MTU_OF_BRIDGE
from stardock.spec.ip import IpAddress, IpNetwork
from stardock.spec.mesh import Mesh
from stardock.spec.places import at
from stardock.spec.rules.addresses import taken

#: Keys of config.yaml that would lead packets of pods elsewhere.
_ELSEWHERE = ("flannel-iface", "flannel-conf", "flannel-external-ip")


@dataclass(frozen=True, slots=True)
class Sited:
    """A machine or a host, and the site that was said of it; `keys` is where, or where it could be; empty: its lines are gone."""

    name: str
    site: str | None
    keys: Keys
    may_carry: bool = False  # the virtual IP


def sited(spec: Spec) -> Iterator[Sited]:
    """Everybody, in declared order: machines, then hosts."""
    pools = {id(pool): p for p, pool in enumerate(spec.pools)}
    for keys, pool, machine in spec.members():
        where = keys if machine.site else ("pools", pools[id(pool)])
        yield Sited(machine.name, machine.site or pool.site, where, carries(spec, pool.role))
    yield from (Sited(host.name, host.site, ("hosts", h)) for h, host in enumerate(spec.hosts))


def carries(spec: Spec, role: str) -> bool:
    """Whether machines of that role carry the virtual IP."""
    return spec.network.vip is not None and role == ("server" if spec.api.on_servers else "loadbalancer")


def mesh_rules(spec: Spec) -> Iterator[Problem]:
    """All of them."""
    everybody = list(sited(spec))
    if spec.mesh is None:
        yield from _once(_no_mesh(spec, one) for one in everybody if one.site)
        return
    yield from _sites(spec, spec.mesh, everybody)
    yield from _endpoints(spec, spec.mesh, everybody)
    yield from rules_of_all(spec, spec.mesh, everybody)
    yield from _meets(spec, spec.mesh)
    yield from _mtu(spec, spec.mesh)
    yield from _pods(spec)
    yield from _by_name(spec)


def rules_of_all(spec: Spec, mesh: Mesh, everybody: Sequence[Sited]) -> Iterator[Problem]:
    """What must hold of all together: of the declared, and, once they are known, of them and of those whose lines are gone."""
    yield from _reach(spec, mesh, everybody)
    yield from _room(spec, mesh, everybody)
    yield from _carriers(spec, everybody)


def _once(problems: Iterator[Problem]) -> Iterator[Problem]:
    """A pool's word is a problem of the pool's, and not of each of its machines."""
    yield from {(problem.path, problem.message): problem for problem in problems}.values()


def _no_mesh(spec: Spec, one: Sited) -> Problem:
    message = f"site `{one.site}` is a place of a mesh, and there is none"
    return at(spec, (*one.keys, "site"), message, "add `mesh: {network: ..., sites: [{name: ...}]}`, or delete the line")


def _sites(spec: Spec, mesh: Mesh, everybody: list[Sited]) -> Iterator[Problem]:
    known = [site.name for site in mesh.sites]
    for s, name in enumerate(known):
        if name in known[:s]:
            yield at(spec, ("mesh", "sites", s, "name"), f"two sites are named `{name}`", "give one of them another name")
    yield from _once(problem for one in everybody if (problem := _site(spec, one, known)))


def _site(spec: Spec, one: Sited, known: list[str]) -> Problem | None:
    if one.site in known or (one.site is None and not known):
        return None
    names = ", ".join(known)
    if one.site is None:
        whose = f"host {one.name}" if one.keys[0] == "hosts" else f"pool {spec.pools[int(one.keys[1])].name}"
        return at(spec, one.keys, f"{whose} does not say at which site it is", f"add `site: ` with one of {names}")
    near = nearest(one.site, known)
    cure = f"did you mean `{near}`?" if near else f"write one of {names}" if names else "name it: `sites: [{name: ...}]` under `mesh`"
    return at(spec, (*one.keys, "site"), f"`mesh.sites` has no site `{one.site}`", cure)


def _endpoints(spec: Spec, mesh: Mesh, everybody: list[Sited]) -> Iterator[Problem]:
    where = {one.name: one.site for one in everybody}
    seen: dict[str, str] = {}
    for s, site in enumerate(mesh.sites):
        for name, text in site.endpoints.items():
            keys: Keys = ("mesh", "sites", s, "endpoints", name)
            if where.get(name, "") not in (site.name, None):
                near = nearest(name, [one for one, at_site in where.items() if at_site == site.name])
                yield at(spec, keys, f"`{name}` is nobody at site {site.name}", f"did you mean `{near}`?" if near else "delete the line")
            other = seen.setdefault(text.lower(), name)
            if other != name:
                yield at(spec, keys, f"{text} leads to {other} already", "let the router hand on another port, and write that")


def _reach(spec: Spec, mesh: Mesh, everybody: Sequence[Sited]) -> Iterator[Problem]:
    """Somebody must be reached, or nobody ever talks to another site."""
    used = {one.site for one in everybody}
    closed = all(site.nat and not site.endpoints for site in mesh.sites if site.name in used)
    if len(used) > 1 and closed:
        message = "every site is behind NAT, and no member can be reached from another site"
        cure = (
            "one is enough, which carries packets for the others: `endpoints: {NAME: HOST:PORT}`, or `nat: false` where nothing translates"
        )
        yield at(spec, ("mesh", "sites"), message + _with_gone(everybody), cure)


def _carriers(spec: Spec, everybody: Sequence[Sited]) -> Iterator[Problem]:
    """VRRP's adverts have a TTL of 255 and are dropped with less (RFC 9568, 5.1.1.3): a router ends them, as it does ARP."""
    carriers = [one for one in everybody if one.may_carry]
    if len({one.site for one in carriers}) > 1:
        where = ", ".join(f"{one.name} at {one.site or 'none'}" for one in carriers)
        message = f"those that carry the virtual IP are at several sites ({where}), and VRRP and ARP end at a site's router"
        cure = "move them to one site; members of other sites join at a server in the mesh, and people there by `api.external`"
        yield at(spec, ("network", "vip"), message + _with_gone(carriers), cure)


def _with_gone(everybody: Sequence[Sited]) -> str:
    """Whom cluster.yaml lacks, since nobody finds them there."""
    gone = [one.name for one in everybody if not one.keys]
    be = "is" if len(gone) == 1 else "are"
    return f"; {fold(gone)}, which {be} gone from cluster.yaml, {be} still there" if gone else ""


def _room(spec: Spec, mesh: Mesh, everybody: Sequence[Sited]) -> Iterator[Problem]:
    room = ip_network(mesh.network).num_addresses - 2
    if len(everybody) > room:
        message = f"{mesh.network} has room for {room}, and there are {len(everybody)} machines and hosts"
        yield at(spec, ("mesh", "network"), message + _with_gone(everybody), "write a network with a shorter prefix")


def _meets(spec: Spec, mesh: Mesh) -> Iterator[Problem]:
    """A packet has one way: nobody else is at its addresses."""
    own = ip_network(mesh.network)
    cure = "write another private network, for example 10.98.0.0/24 or 172.31.255.0/24"
    for whose, network in _networks(spec):
        if network.version == own.version and network.overlaps(own):
            yield at(spec, ("mesh", "network"), f"{mesh.network} meets {network}, {whose}", cure)
    for whose, address in _addresses(spec):
        if address in own:
            yield at(spec, ("mesh", "network"), f"{mesh.network} holds {address}, {whose}", cure)


def _networks(spec: Spec) -> Iterator[tuple[str, IpNetwork]]:
    for option, (whose, _) in CIDRS.items():
        for text in cidrs(spec.distribution.options, option):
            try:
                yield f"the network of {whose}", ip_network(text)
            except ValueError:  # told by another rule
                continue
    found: dict[IpNetwork, str] = {}
    for _, interfaces in spec.interface_lists():
        for nic in interfaces:
            found |= {static.network: "that of machines" for static in nic.ranges}
            found |= {ip_network(route.to): "which a route leads to" for route in nic.routes if route.to != "default"}
    yield from ((whose, network) for network, whose in found.items())
    for pool in spec.addons.metallb.pools if spec.addons.metallb else ():
        yield from ((f"addresses of Services (pool {pool.name})", one) for text in pool.addresses for one in networks_of(text))


def _addresses(spec: Spec) -> Iterator[tuple[str, IpAddress]]:
    virtual = [("the virtual IP", str(spec.network.vip))] if spec.network.vip else []
    outside = [("where the API is asked for", spec.api.external)] if spec.api.external else []
    sites = spec.mesh.sites if spec.mesh else ()
    ends = [("an endpoint of a site", text.rpartition(":")[0]) for site in sites for text in site.endpoints.values()]
    for whose, text in dict.fromkeys((*virtual, *outside, *ends, *taken(spec))):
        if is_address(text):
            yield whose, ip_address(text)


def _mtu(spec: Spec, mesh: Mesh) -> Iterator[Problem]:
    """Of what a NIC is known to carry."""
    for keys, interfaces in spec.interface_lists():
        first = interfaces[0]
        if first.mtu not in (None, MTU_OF_BRIDGE) and mesh.mtu + OVERHEAD > (first.mtu or 0):
            whole = mesh.mtu + OVERHEAD
            message = f"a packet of {mesh.mtu} bytes comes to {whole} with WireGuard's own, and `{first.name}` carries {first.mtu}"
            yield at(spec, ("mesh", "mtu"), message, f"write {(first.mtu or 0) - OVERHEAD}, or a larger `mtu` of the interface")
        for i, nic in enumerate(interfaces):
            if nic.name == INTERFACE:
                yield at(spec, (*keys, i, "name"), f"`{INTERFACE}` is the mesh's own interface", "give it another name")


def _pods(spec: Spec) -> Iterator[Problem]:
    """Their packets go from node to node by the nodes' addresses, in a tunnel."""
    options = all_options(spec)
    if is_dual_stack(options):
        message = "the cluster is dual stack, and the mesh carries IPv4 between nodes alone"
        yield at(spec, ("mesh",), message, "take the IPv6 networks out of cluster-cidr and service-cidr, or delete `mesh`")
    if spec.cni.encryption or any("wireguard" in str(options.get(key, "")) for key in ("flannel-backend",)):
        where: Keys = ("cni", "encryption") if spec.cni.encryption else ("distribution", "options", "flannel-backend")
        yield at(spec, where, "the mesh encrypts already what goes between nodes", "delete it: packets would be encrypted twice")
    if spec.cni.backend == "host-gw" or options.get("flannel-backend") == "host-gw":
        where = ("cni", "backend") if spec.cni.backend else ("distribution", "options", "flannel-backend")
        message = "host-gw sends packets of pods as they are, and the mesh takes those of nodes alone"
        yield at(spec, where, message, "delete it: vxlan is the default")
    yield from _interfaces(spec)
    yield from _values(spec, options)


def _values(spec: Spec, options: Mapping[str, Any]) -> Iterator[Problem]:
    own = distribution(spec.distribution.name)
    for keys, words in untunnelled(own.network, own.plugin(options), spec.cni.values):
        message = "with a mesh, packets of pods go between nodes in a tunnel of the plugin's, and the mesh encrypts them: this undoes it"
        yield at(spec, ("cni", "values", *keys), message, f"delete it, or write {' or '.join(words)}")


def _interfaces(spec: Spec) -> Iterator[Problem]:
    message = f"with a mesh, pods of different nodes meet over `{INTERFACE}`"
    if spec.cni.interface not in (None, INTERFACE):
        yield at(spec, ("cni", "interface"), message, "delete it")
    for h, host in enumerate(spec.hosts):
        if host.interface is not None and distribution(spec.distribution.name).interface_key:
            yield at(spec, ("hosts", h, "interface"), message, "delete it")
    for key in (key for key in _ELSEWHERE if spec.distribution.options.get(key)):
        yield at(spec, ("distribution", "options", key), message, "delete it")


def _by_name(spec: Spec) -> Iterator[Problem]:
    if spec.api.haproxy.by_name:
        message = "name servers know servers' own addresses, and haproxy leads to those in the mesh: other sites would not be reached"
        yield at(spec, ("api", "haproxy", "by_name"), message, "delete it")
