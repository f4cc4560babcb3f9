"""The VLANs of a trunk as plan and lock hold them: ids and ranges, `("10", "20", "30-35")`. A trunk of all would be 4,000 ids a NIC."""

from __future__ import annotations

from collections.abc import Iterable


def ranges_of(vlans: Iterable[int]) -> tuple[str, ...]:
    """Each id once, in order, neighbours as one range: the same ids give the same texts."""
    found: list[tuple[int, int]] = []
    for vlan in sorted(set(vlans)):
        if found and found[-1][1] == vlan - 1:
            found[-1] = (found[-1][0], vlan)
        else:
            found.append((vlan, vlan))
    return tuple(str(first) if first == last else f"{first}-{last}" for first, last in found)


def vlans_of(ranges: Iterable[str]) -> tuple[int, ...]:
    """Single ids, as the provider (0.111.1) takes them; ranges that meet are taken, too."""
    ends = [[int(end) for end in part.split("-")] for part in ranges]
    return tuple(vlan for end in ends for vlan in range(end[0], end[-1] + 1))
