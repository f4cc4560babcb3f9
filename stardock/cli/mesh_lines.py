"""The mesh, as lines of `runner plan`: who is where, and how other sites reach them."""

from __future__ import annotations

from collections.abc import Iterator

from stardock.model.mesh import Mesh, Place, relay_of
from stardock.model.plan import Plan


def mesh_lines(plan: Plan) -> Iterator[str]:
    """One line a member; nothing without a mesh."""
    mesh = plan.mesh
    if mesh is None:
        return
    yield f"mesh {mesh.network} over UDP {mesh.port}, packets of {mesh.mtu} bytes: nodes and pods meet there, whatever is between sites"
    rows = [(name, place.site, place.address, _reached(mesh, name, place)) for name, place in mesh.places.items()]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  " + "  ".join(f"{text:<{width}}" for text, width in zip(row, widths, strict=True)).rstrip()
    yield from _carrying(plan, mesh)


def _reached(mesh: Mesh, name: str, place: Place) -> str:
    if place.endpoint:
        return str(place.endpoint)
    if place.is_open:
        return "at its own address"
    relays = dict.fromkeys(relay_of(mesh, name, other) for other in mesh.places)
    through = ", ".join(relay for relay in relays if relay)
    return f"behind NAT, to others behind NAT through {through}" if through else "behind NAT, reaches others itself"


def _carrying(plan: Plan, mesh: Mesh) -> Iterator[str]:
    """Agents that others need: whoever drains or restarts one thinks of its pods alone."""
    names = list(mesh.places)
    relays = {relay_of(mesh, one, other) for one in names for other in names}
    for agent in (one.name for one in plan.members_of("agent") if one.name in relays):
        yield f"  {agent} is an agent, and carries packets for others: while it is off they do not meet"
