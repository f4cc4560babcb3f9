"""Static addresses: counted up from base + offset. Whether a machine can have one is `stardock.spec.rules.addresses.unfit`."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # pydantic takes a tenth of a second
    from stardock.spec.ip import IpAddress

LAST = {4: IPv4Address("255.255.255.255"), 6: IPv6Address("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")}


def counted(base: IpAddress, offset: int, number: int) -> IpAddress:
    """Count: base + offset + number, or the family's last address where it ends before; `base` is a network's or a first address."""
    return base + min(offset + number, int(LAST[base.version]) - int(base))
