"""What the role `mesh` is told: a machine's address, and its peers without their keys, which the machines themselves say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_network
from typing import Any

from stardock.model.facts import Facts
from stardock.model.host import Member
from stardock.model.mesh import INTERFACE, Endpoint, Mesh, relay_of
from stardock.model.plan import Plan
from stardock.systems import HEAD

#: The group of all members; empty without a mesh.
GROUP = "mesh"
#: Whoever configures a machine's network leaves it alone: systemd.network(5), `Unmanaged`; NetworkManager.conf(5), `unmanaged-devices`.
_LEFT_ALONE = (
    ("/etc/systemd/network/05-stardock-mesh.network", f"[Match]\nName={INTERFACE}\n[Link]\nUnmanaged=yes\n", "networkd"),
    ("/etc/NetworkManager/conf.d/90-stardock-mesh.conf", f"[keyfile]\nunmanaged-devices+=interface-name:{INTERFACE}\n", "network-manager"),
)


def inside(plan: Plan, addresses: Mapping[str, str]) -> dict[str, str]:
    """By which addresses members know each other: those of the mesh, without one their own."""
    return {name: plan.mesh_address(name) or address for name, address in addresses.items()}


def is_near(plan: Plan, member: Member) -> bool:
    """Whether the virtual address can be reached from there: it is carried within one site."""
    if plan.mesh is None or not plan.load_balancing:
        return True
    places = plan.mesh.places
    return places[member.name].site in {places[carrier.name].site for carrier in plan.carriers}


def mesh_files(plan: Plan) -> list[dict[str, str]]:
    """Of each member, for the stage `machines`."""
    if plan.mesh is None:
        return []
    return [{"path": path, "content": HEAD + text, "applies": reader} for path, text, reader in _LEFT_ALONE]


def shared_mesh(plan: Plan, facts: Facts) -> dict[str, Any]:
    """The same for all. `mesh_known_keys`: public ones, as machines said them last; of those that answer nothing now."""
    if plan.mesh is None:
        return {}
    names = plan.mesh.places
    known = {name: key for name, key in sorted(facts.mesh_keys.items()) if name in names}
    return {"mesh_interface": INTERFACE, "mesh_port": plan.mesh.port, "mesh_mtu": plan.mesh.mtu, "mesh_known_keys": known}


def own_mesh(plan: Plan, member: Member, addresses: Mapping[str, str]) -> dict[str, Any]:
    """One member's; `addresses` are their own, as far as they are known."""
    mesh = plan.mesh
    if mesh is None:
        return {}
    others = [other.name for other in plan.members if other.role != "agent" and other.name != member.name]
    return {
        "mesh_address": f"{mesh.places[member.name].address}/{ip_network(mesh.network).prefixlen}",
        "mesh_forwards": member.name in mesh.relays,
        "mesh_peers": list(_peers(mesh, member.name, addresses)),
        "mesh_reached": {other: mesh.places[other].address for other in others},
        "mesh_far": {other: mesh.places[other].address for other in _far(plan, mesh, member)},
    }


def _far(plan: Plan, mesh: Mesh, member: Member) -> Iterable[str]:
    """Of an agent: another at each site to which it has no way of its own. That pods do not get there, no server would notice."""
    first: dict[str, str] = {}
    if member.role != "agent":
        return ()
    for name in (other.name for other in plan.members_of("agent") if relay_of(mesh, member.name, other.name)):
        first.setdefault(mesh.places[name].site, name)
    return first.values()


def _peers(mesh: Mesh, name: str, addresses: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """All that it talks to directly, each with the addresses whose packets come from it and go to it.

    Each address is one peer's alone, so that nobody sends in another's name; a relay has those that it carries for.
    """
    others = [other for other in mesh.places if other != name]
    relays = {other: relay_of(mesh, name, other) for other in others}
    for other in (one for one in others if relays[one] is None):
        endpoint = _endpoint(mesh, name, other, addresses)
        yield {
            "name": other,
            "allowed": [f"{mesh.places[one].address}/32" for one in (other, *(far for far in others if relays[far] == other))],
            "endpoint": str(endpoint) if endpoint else "",
            "keepalive": mesh.keepalive if _is_translated(mesh, name, other) else 0,
        }


def _endpoint(mesh: Mesh, name: str, other: str, addresses: Mapping[str, str]) -> Endpoint | None:
    """Where it begins to talk to the other; None: it waits to be talked to."""
    mine, theirs = mesh.places[name], mesh.places[other]
    own = Endpoint(host=addresses[other], port=mesh.port) if other in addresses else None
    if mine.site == theirs.site:
        return own
    return theirs.endpoint or (own if theirs.is_open else None)


def _is_translated(mesh: Mesh, name: str, other: str) -> bool:
    """Whether a router on its side must be kept from forgetting it."""
    mine = mesh.places[name]
    return mine.site != mesh.places[other].site and not mine.is_open
