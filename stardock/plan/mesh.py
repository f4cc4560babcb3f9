"""`mesh` as the plan has it. Addresses are given to names once, and the lock keeps them: nodes are known by them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network, ip_address, ip_network
from itertools import combinations, islice
from typing import TYPE_CHECKING

from stardock.model.machine import ROLES
from stardock.model.mesh import INTERFACE, Mesh, Place, pair_of
from stardock.spec.mesh import endpoint_of
from stardock.spec.places import at
from stardock.spec.rules.addresses import unfit
from stardock.spec.rules.mesh import Sited, carries, rules_of_all, sited

if TYPE_CHECKING:  # pydantic takes a tenth of a second
    from stardock.errors import Problem
    from stardock.model.facts import Facts
    from stardock.model.lock import Lock
    from stardock.model.machine import Machine, Role
    from stardock.model.plan import Plan
    from stardock.spec.cluster import Keys, Spec

#: The only site where cluster.yaml names none.
_EVERYWHERE = "default"
_NOBODY_KNOWS = "nobody here knows whether the cluster is founded, and one that is"
#: Where facts are missing, as in a fresh clone: what is refused, by whether cluster.yaml has a mesh.
_UNKNOWN = {
    True: (f"{_NOBODY_KNOWS} gets no mesh", "delete it and run `runner discover`, which asks the servers; then write it again"),
    False: (f"{_NOBODY_KNOWS} loses no mesh", "write `mesh` again, as it was, and run `runner discover`, which asks the servers"),
}


def given(spec: Spec, lock: Lock) -> dict[str, str]:
    """Name -> address in the mesh, of those that exist and of those that the lock remembers; empty without a mesh.

    A name keeps its address, also while it is gone from cluster.yaml; those of names that are gone are given to others last.
    """
    if spec.mesh is None:
        return {}
    names = [one.name for one in sited(spec)]
    names += [name for name in lock.active() if name not in names and name not in spec.remove]
    new = [name for name in names if name not in lock.mesh]
    addresses = list(islice(_free(lock.mesh, names, IPv4Network(spec.mesh.network)), len(new)))
    kept = {name: address for name, address in lock.mesh.items() if address not in addresses}
    return {**kept, **dict(zip(new, addresses, strict=False))}  # fewer: told by the rule about room


def _free(held: Mapping[str, str], alive: Collection[str], network: IPv4Network) -> Iterator[str]:
    """The lowest free address first; after the last of them those of names that are gone."""
    taken = set(held.values())
    yield from (address for address in map(str, network.hosts()) if address not in taken)
    gone = (IPv4Address(address) for name, address in held.items() if name not in alive)
    yield from map(str, sorted(one for one in gone if one in network))


def sites_of(spec: Spec, lock: Lock) -> dict[str, str]:
    """Name -> site, of machines: as cluster.yaml says, and of those that it lacks as it said before."""
    if spec.mesh is None:
        return {}
    said = {one.name: one.site for one in sited(spec) if one.site}
    hosts = {host.name for host in spec.hosts}
    return {name: site for name, site in {**lock.sites, **said}.items() if name not in hosts}


def mesh_of(spec: Spec, before: Lock, after: Lock, roles: Mapping[str, Role]) -> Mesh | None:
    """What is wished, with what was given: addresses and sites as they are `after`, relays and port as they were `before`.

    Load balancers carry before servers, and those before agents: of what others need, a workload's node is the first that goes.
    """
    addresses, remembered = {name: after.mesh[name] for name in roles if name in after.mesh}, after.sites
    wanted = spec.mesh
    if wanted is None:
        return None
    sites = {site.name: site for site in wanted.sites}
    said = {one.name: one.site for one in sited(spec)}
    where = {**{name: site for name, site in remembered.items() if site in sites}, **said}
    ends = {name: endpoint_of(text) for site in wanted.sites for name, text in site.endpoints.items()}
    names = [*said, *(name for name in addresses if name not in said)]
    first = wanted.sites[0].name if wanted.sites else _EVERYWHERE
    places = {
        name: Place(
            site=where.get(name) or first,
            address=addresses[name],
            endpoint=ends.get(name),
            is_open=bool(sites) and not sites[where.get(name) or first].nat,
        )
        for name in names
        if name in addresses
    }
    reached = [name for name, place in places.items() if place.is_reached]
    relays = tuple(sorted(reached, key=lambda name: ROLES.index(roles[name])))
    return Mesh(
        network=wanted.network,
        port=port_of(spec, before),
        mtu=wanted.mtu,
        keepalive=wanted.keepalive,
        places=places,
        relays=relays,
        carried=dict(_carried(places, relays, before.relays)),
    )


def _carried(places: Mapping[str, Place], relays: Sequence[str], held: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Of each two sites with somebody who is not reached: who carries. It stays who it was as long as it can: another cuts both off.

    A member of either site goes before others: packets take no third way. `stardock.spec.rules.mesh` refuses where nobody is reached.
    """
    closed = sorted({place.site for place in places.values() if not place.is_reached})
    for one, other in combinations(closed, 2) if relays else ():
        pair = pair_of(one, other)
        near = next((name for name in relays if places[name].site in (one, other)), relays[0])
        yield pair, held[pair] if held.get(pair) in relays else near


def port_of(spec: Spec, before: Lock) -> int:
    """What cluster.yaml says, else what it was when the mesh was made."""
    wanted = spec.mesh
    if wanted is None:
        raise ValueError("there is no mesh")
    return wanted.port if "port" in wanted.model_fields_set else before.mesh_port or wanted.port


def remembered(before: Lock, mesh: Mesh | None) -> Lock:
    """The lock with what was chosen. Who carried between two sites of which nobody needs it now stays, as long as it is there."""
    if mesh is None:
        return replace(before, relays={}, mesh_port=None)
    kept = {pair: name for pair, name in before.relays.items() if name in mesh.relays}
    return replace(before, relays={**kept, **mesh.carried}, mesh_port=mesh.port)


def mesh_problems(spec: Spec, lock: Lock, retained: Mapping[str, Machine]) -> Iterator[Problem]:
    """Addresses that were given lie in the network still, and the rules hold with those that stay although their lines went."""
    if spec.mesh is None:
        return
    if retained:
        yield from rules_of_all(spec, spec.mesh, [*sited(spec), *_staying(spec, lock, retained)])
    network = IPv4Network(spec.mesh.network)
    unfits = {name: fault for name, address in lock.mesh.items() if (fault := unfit(IPv4Address(address), network))}
    if unfits:
        name, fault = next(iter(unfits.items()))
        message = f"{name} has {lock.mesh[name]} in the mesh, and {fault}: nodes are known by these addresses, and keep them"
        cure = "write a network that holds them; as long as nothing is founded, run `runner deploy` once without `mesh` to have others"
        yield at(spec, ("mesh", "network"), message, cure)


def _staying(spec: Spec, lock: Lock, retained: Mapping[str, Machine]) -> Iterator[Sited]:
    """At the sites where they were, as `mesh_of` has them."""
    known = [site.name for site in spec.mesh.sites] if spec.mesh else []
    for name, machine in retained.items():
        said = lock.sites.get(name)
        yield Sited(name, said if said in known else next(iter(known), None), (), carries(spec, machine.role))


def founded_mesh_problem(spec: Spec, before: Lock, facts: Facts) -> Problem | None:
    """A cluster that is founded gets no mesh and loses none: etcd's members and nodes are known by their addresses.

    k3s refuses to start a server whose address is another than its member's (pkg/etcd/etcd.go, `IsInitialized` and `Join`).
    """
    if not before.machines or (spec.mesh is not None) == bool(before.mesh):
        return None
    keys: Keys = ("mesh",) if spec.mesh is not None else ()
    if facts.founded is None:
        return at(spec, keys, *_UNKNOWN[spec.mesh is not None]) if facts.unknown else None
    if spec.mesh is not None:
        message = "the cluster was founded without a mesh: its nodes and etcd's members are known by other addresses"
        return at(spec, keys, message, "delete it; a cluster over sites is founded with its mesh")
    message = "the cluster was founded with a mesh, by whose addresses its nodes and etcd's members are known"
    return at(spec, keys, message, "write `mesh` again, as it was")


def founded_port_problem(spec: Spec, before: Lock, facts: Facts) -> Problem | None:
    """The port of a mesh that a founded cluster has stays: a member that is off, and a router that hands it on, know the old one only."""
    if spec.mesh is None or before.mesh_port is None or port_of(spec, before) == before.mesh_port:
        return None
    if facts.founded is None and not facts.unknown:
        return None
    message = f"members of the mesh listen at UDP {before.mesh_port}, and others, routers too, ask there"
    return at(spec, ("mesh", "port"), message, f"write {before.mesh_port}: a member that is off meanwhile would be cut off for good")


def taken_by(plan: Plan, facts: Facts) -> list[str]:
    """Whose network it is already, as machines said their addresses: `server1 (eth0: 10.98.0.9)`. Its own interface is none of them."""
    if plan.mesh is None:
        return []
    mesh = ip_network(plan.mesh.network)
    said = (
        (name, link, each) for name, seen in sorted(facts.machines.items()) for link, all_of in seen.addresses.items() for each in all_of
    )
    return [f"{name} ({link}: {each})" for name, link, each in said if link != INTERFACE and ip_address(each) in mesh]
