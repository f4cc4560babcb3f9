"""Which PVE node a machine goes to: the documents' round robin, told so that it can grow without moving anyone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence


def place(wanted: Iterable[tuple[str, Sequence[str]]], held: Iterable[str] = ()) -> dict[str, str]:
    """The PVE node of each new machine of one role.

    `wanted` are names in declared order with the PVE nodes that each may use, in the order of `proxmox.nodes`; `held` are the
    PVE nodes of the machines of this role that are placed already. Each name takes the allowed PVE node with the fewest
    machines of the role, the first declared among equals: for a new cluster that is round robin from the first PVE node.
    """
    machines = Counter(held)
    placed = {}
    for name, allowed in wanted:
        placed[name] = fewest(allowed, machines)
        machines[placed[name]] += 1
    return placed


def fewest(allowed: Sequence[str], machines: Mapping[str, int]) -> str:
    """The PVE node of `allowed` with the fewest machines; the first among equals (`min` keeps it)."""
    return min(allowed, key=lambda node: machines.get(node, 0))
