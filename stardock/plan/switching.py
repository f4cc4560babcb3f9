"""Whether a machine may be switched off, what goes with it, and why its pods are not moved: decided from what was seen.

The rule of votes is bootstrap's (role kubernetes, `quorum.sh.j2`), but for two servers: a restart ends by itself, a machine that is off
stays off. One that does not answer for its etcd may vote all the same: its API server is another process (RKE2: another static pod), and
whoever tells of the Nodes has a majority behind it. A member that is no server of the plan needs votes and is not counted on for one; nor
is a server that another run is about to switch off, which its cordon tells: of two such runs at a time each sees that of the other.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from stardock.model.machine import Machine
from stardock.model.plan import Plan
from stardock.model.standing import SWITCHED, Standing


def standstill(plan: Plan, machine: Machine, standing: Standing) -> str:
    """Why the cluster would stand still without this machine, as far as is known; empty: it would not, or does already, or it is alone."""
    others = [server for server in plan.members_of("server") if server.name != machine.name]
    if machine.role != "server" or not others:
        return ""
    if not standing.by:
        return f"nobody could say whether etcd needs {machine.name}: {standing.why}"
    members = {name: node.votes for name, node in standing.nodes.items() if node.votes is not None}
    if machine.hostname not in members:
        return ""
    ours = {server.hostname for server in others}
    going = [name for name, votes in members.items() if votes and name in ours and standing.nodes[name].cordoned_by == SWITCHED]
    well = [name for name, votes in members.items() if votes and name in ours and name not in going]
    needed = len(members) // 2 + 1
    if len(well) >= needed:
        return ""
    ill = [name for name, votes in members.items() if not votes]
    told = f"; {', '.join(ill)} cannot vote" if ill else ""
    if going:
        told += f"; {', '.join(going)} may be switched off any moment (if nobody is about to: `runner machine start {going[0]}`)"
    return f"etcd has {len(members)} members and needs {needed} that vote, and without {machine.name} it has {len(well)}{told}"


def undrained(machine: Machine, standing: Standing) -> str:
    """Why its pods are not moved away first; empty: they are."""
    if not standing.by:
        return f"no server could be asked: {standing.why}"
    node = standing.nodes.get(machine.hostname)
    if node is None:
        return "it has no Node"
    if not node.ready:
        return "its Node is not Ready: nobody there would end a pod"
    takers = [name for name, other in standing.nodes.items() if name != machine.hostname and other.ready and not other.cordoned]
    return "" if takers else "no other node takes pods"


def goes_with(plan: Plan, machine: Machine, running: Collection[str]) -> Iterator[str]:
    """What else is lost while it is off; `running`: names of the machines that run."""
    if machine.role == "server" and len(plan.members_of("server")) == 1:
        yield f"{machine.name} is the only server: the API and what it steers stand still until it is back"
    if machine in plan.carriers and plan.load_balancing and not any(one.name in running for one in plan.carriers if one != machine):
        vips = ", ".join(plan.load_balancing.vips)
        yield f"no other machine that may carry the virtual IP runs: {vips} goes with {machine.name}, and nobody reaches the API by it"
