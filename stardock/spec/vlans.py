"""VLAN ids and trunks as cluster.yaml has them: one id, or PVE's `10;20;30-35`."""

from __future__ import annotations

import re

from stardock.spec.section import broken
from stardock.spec.trunks import ranges_of, vlans_of
from stardock.spec.units import shown

_VLANS = (1, 4094)
#: qemu-server's pattern of a NIC's trunks (PVE::QemuServer::Network).
_TRUNKS = re.compile(r"\d+(?:-\d+)?(?:;\d+(?:-\d+)?)*", re.ASCII)


def parse_vlan(value: int) -> int:
    """An 802.1Q VLAN id."""
    if not _VLANS[0] <= value <= _VLANS[1]:
        message = f"VLAN {value} is outside of {_VLANS[0]} to {_VLANS[1]}"
        raise broken(message, f"write one of {_VLANS[0]} to {_VLANS[1]}, or delete the line for no VLAN")
    return value


def parse_trunks(value: object) -> tuple[str, ...]:
    """PVE's `10;20;30-35`, or one VLAN, as ids and ranges: each id once, in order."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not _TRUNKS.fullmatch(text):
        raise broken(f"{shown(value)} is no list of VLANs as PVE takes it", _trunks_cure(value))
    ranges = [tuple(map(int, part.split("-"))) for part in text.split(";")]
    for first, last in ((part[0], part[-1]) for part in ranges):
        if last < first:
            raise broken(f"the range {first}-{last} of VLANs ends before it begins", f"write {last}-{first}")
        if not (_VLANS[0] <= first and last <= _VLANS[1]):
            wrong = last if last > _VLANS[1] else first
            raise broken(f"VLAN {wrong} is outside of {_VLANS[0]} to {_VLANS[1]}", f"write ids from {_VLANS[0]} to {_VLANS[1]}")
    return ranges_of(vlans_of(text.split(";")))


def parse_ranges(value: tuple[str, ...]) -> tuple[str, ...]:
    """The same as the lock holds it; empty without a trunk."""
    return parse_trunks(";".join(value)) if value else ()


def _trunks_cure(value: object) -> str:
    """A list, or another separator, in PVE's form."""
    text = ";".join(map(str, value)) if isinstance(value, list) else re.sub(r"[,;\s]+", ";", str(value).strip(",; "))
    return f'write "{text}", in quotes' if _TRUNKS.fullmatch(text) else 'write ids and ranges between `;`: "10;20;30-35"'
