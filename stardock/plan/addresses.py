"""Static addresses: counted up from base + offset. Whether a machine can have one is `stardock.spec.addresses.unfit`."""

from __future__ import annotations

from ipaddress import IPv4Address

LAST = IPv4Address("255.255.255.255")


def counted(base: IPv4Address, offset: int, number: int) -> IPv4Address:
    """Count: base + offset + number, or 255.255.255.255 where IPv4 ends before; `base` is a network's address or a first address."""
    return IPv4Address(min(int(base) + offset + number, int(LAST)))
