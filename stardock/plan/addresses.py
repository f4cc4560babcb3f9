"""Static addresses: counted up from base + offset, and never one that cannot be a machine's."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

LAST = IPv4Address("255.255.255.255")
#: Subnets of one or two addresses have neither network nor broadcast address (RFC 3021).
POINT_TO_POINT = 2


def counted(base: IPv4Address, offset: int, number: int) -> IPv4Address:
    """Count: base + offset + number, or 255.255.255.255 where IPv4 ends before; `base` is a network's address or a first address."""
    return IPv4Address(min(int(base) + offset + number, int(LAST)))


def fault(address: IPv4Address, network: IPv4Network) -> str | None:
    """Why a machine cannot have this address in that subnet, in words that follow the address; None: it can."""
    if address not in network:
        return f"lies outside of {network}"
    if network.num_addresses <= POINT_TO_POINT:
        return None
    if address == network.network_address:
        return f"is the network address of {network}"
    if address == network.broadcast_address:
        return f"is the broadcast address of {network}"
    return None
