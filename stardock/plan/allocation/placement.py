"""Which PVE node a new machine goes to: the documents' round robin, told so that it can grow without moving anyone.

Two rules go before it. A PVE node whose memory is given takes no machine that it has no room for. And machines that are not to be lost
together (servers: etcd's quorum; load balancers: the VIP) share no PVE node while one that is allowed is free.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A machine to be placed: the PVE nodes that it may use, in the order of `proxmox.nodes`, and its memory in MiB."""

    name: str
    allowed: Sequence[str]
    memory: int = 0


@dataclass(slots=True)
class Room:
    """Memory in MiB that is left on the PVE nodes whose memory is given; the others take whatever comes."""

    left: dict[str, int] = field(default_factory=dict)

    def fits(self, node: str, memory: int) -> bool:
        """Whether a machine of that memory has room."""
        return self.left.get(node, memory) >= memory

    def take(self, node: str, memory: int) -> None:
        """A machine is there."""
        if node in self.left:
            self.left[node] -= memory


def place(newcomers: Sequence[Newcomer], carrying: Iterable[str] = (), room: Room | None = None, *, apart: bool = False) -> dict[str, str]:
    """The PVE node of each new machine of one role.

    `carrying` are the PVE nodes of the machines of this role that are placed, `room` is taken up as machines are placed. Each name, in
    declared order, takes the allowed PVE node with the fewest machines of the role, the first declared among equals: for a new cluster that
    is round robin from the first PVE node. `apart`: as many names as possible get a PVE node for themselves, even where an earlier name has
    to make way for a later one that may go nowhere else. A name that fits nowhere goes where it would without the rule on memory:
    `stardock.plan.rules.placement` tells it.
    """
    room = room or Room()
    machines = Counter(carrying)
    placed = alone(newcomers, machines, room) if apart else {}
    for one in newcomers:
        if one.name in placed:
            machines[placed[one.name]] += 1
            room.take(placed[one.name], one.memory)
    for one in newcomers:
        if one.name not in placed:
            fitting = [node for node in one.allowed if room.fits(node, one.memory)]
            placed[one.name] = fewest(fitting or one.allowed, machines)
            machines[placed[one.name]] += 1
            room.take(placed[one.name], one.memory)
    return placed


def fewest(allowed: Sequence[str], machines: Mapping[str, int]) -> str:
    """The PVE node of `allowed` with the fewest machines; the first among equals (`min` keeps it)."""
    return min(allowed, key=lambda node: machines.get(node, 0))


def alone(newcomers: Sequence[Newcomer], occupied: Collection[str], room: Room) -> dict[str, str]:
    """PVE nodes for as many names as can have one that no other has: a maximum matching, by augmenting paths in declared order.

    A name that finds all its PVE nodes taken for good closes them, so that the next one does not search them again: the work grows with the
    number of names and of PVE nodes, not with their product's square.
    """
    owners: dict[str, Newcomer] = {}
    closed = set(occupied)
    for one in newcomers:
        seen: set[str] = set()
        if not _seat(one, owners, closed, room, seen):
            closed |= seen
    return {owner.name: node for node, owner in owners.items()}


def _seat(one: Newcomer, owners: dict[str, Newcomer], closed: set[str], room: Room, seen: set[str]) -> bool:
    """Give `one` a PVE node: a free one, else one whose owner finds another."""
    open_to = [node for node in one.allowed if node not in closed and room.fits(node, one.memory)]
    for node in open_to:
        if node not in owners:
            owners[node] = one
            return True
    for node in open_to:
        if node not in seen:
            seen.add(node)
            if _seat(owners[node], owners, closed, room, seen):
                owners[node] = one
                return True
    return False
