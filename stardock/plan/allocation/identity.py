"""Numbers that must be a machine's alone: MAC addresses, VM ids, and the cluster's VRRP id.

MACs and the VRRP id come from a hash of names, so that the same name gets the same value in a lock that was lost, and two
clusters on one network hardly ever meet. What is taken is skipped.
"""

from __future__ import annotations

import hashlib
from collections.abc import Container

#: Proxmox' own prefix (the OUI of Proxmox Server Solutions GmbH); PVE generates MACs under it too.
MAC_PREFIX = "BC:24:11"
MACS = 1 << 24
#: VRRP ids are one byte, and 0 is not one (RFC 9568, section 5.2.3).
VRIDS = 255
#: PVE's VM ids end here (qemu-server's `vmid` format).
LAST_VM_ID = 999_999_999


def mac_address(cluster: str, name: str, interface: str, taken: Container[str]) -> str:
    """The MAC of one NIC, upper case with colons: the hash of (cluster, name, NIC), or the next one that is free."""
    number = _hash(cluster, name, interface) % MACS
    while (mac := _mac(number)) in taken:
        number = (number + 1) % MACS
    return mac


def vrrp_id(cluster: str) -> int:
    """The cluster's VRRP id, 1 to 255."""
    return 1 + _hash(cluster, "vrid", "") % VRIDS


def vm_id(start: int, ordinal: int, taken: Container[int]) -> int:
    """The VM id of the `ordinal`th machine (from 0) of a pool that starts at `start`; what is taken is skipped."""
    number = start + ordinal
    while number in taken:
        number += 1
    return number


def _mac(number: int) -> str:
    digits = f"{number:06X}"
    return ":".join((MAC_PREFIX, digits[:2], digits[2:4], digits[4:]))


def _hash(*parts: str) -> int:
    return int.from_bytes(hashlib.sha256("\0".join(parts).encode()).digest(), "big")
