"""What the lab's router must be to machines with IPv6: their gateway, and who advertises. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Interface, IPv6Network

from stardock.model.machine import Interface, Ipv6

#: The link-local network, as the kernel has it on each link.
_LINK_PREFIX = 64


@dataclass(frozen=True, slots=True)
class RoutedV6:
    """As in `lab.settings.Network`."""

    gateways: tuple[str, ...] = ()
    advertised: str | None = None
    dhcp: bool = False


def routed_v6(members: Sequence[Interface], number: int) -> RoutedV6:
    """For the NICs on one segment; `number` tells segments apart where the lab chooses the network."""
    wishes = [nic.ipv6 for nic in members if nic.ipv6]
    gateways = [*_gateways([wish for wish in wishes if wish.mode == "static"])]
    dynamic = {wish.mode for wish in wishes if wish.mode != "static"}
    if not dynamic:
        return RoutedV6(tuple(dict.fromkeys(gateways)))
    advertised = IPv6Network(f"fd77:{number}::/64")
    return RoutedV6((*dict.fromkeys(gateways), f"{advertised[1]}/64"), str(advertised), "dhcp" in dynamic)


def _gateways(statics: Sequence[Ipv6]) -> Iterator[str]:
    """The routers that machines name; in a subnet where they name none of it, a free address: the lab must reach them too."""
    subnets = dict.fromkeys(_subnet(static) for static in statics)
    named = [IPv6Address(static.gateway) for static in statics if static.gateway]
    yield from (f"{gateway}/{_LINK_PREFIX}" for gateway in named if gateway.is_link_local)
    taken = {IPv6Address(static.address or "::") for static in statics}
    for subnet in subnets:
        own = [gateway for gateway in named if gateway in subnet]
        router = own[0] if own else next(address for address in subnet.hosts() if address not in {*taken, subnet.network_address})
        yield f"{router}/{subnet.prefixlen}"


def _subnet(static: Ipv6) -> IPv6Network:
    return IPv6Interface(f"{static.address}/{static.prefix}").network
