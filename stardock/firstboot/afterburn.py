"""The network-config of a system whose first boot is Ignition: what Afterburn makes of it, if anything reads it.

Afterburn (coreos/afterburn, src/providers/proxmoxve/cloudconfig.rs) turns it into arguments of the initramfs, once Flatcar lets it
(flatcar/Flatcar#2002, open). It gives up on more than one item of type `nameserver`, knows no name servers of a subnet, takes `gateway`
and no `routes`, and writes `ip=ADDRESS::GATEWAY:MASK:::off` without the interface's name: so this is one interface, that of the way out.
The rest of the network is in the Ignition document.
"""

from __future__ import annotations

from typing import Any

from stardock.model.machine import Interface, Machine


def afterburn_config(machine: Machine) -> dict[str, Any]:
    """Give the interface of the way out, and all name servers in one item."""
    nic = way_out(machine.interfaces)
    servers = list(dict.fromkeys(server for each in machine.interfaces for server in each.dns))
    search = list(dict.fromkeys(domain for each in machine.interfaces for domain in each.search))
    names = [{"type": "nameserver", "address": servers, **({"search": search} if search else {})}] if servers else []
    card = {"type": "physical", "name": nic.name, "mac_address": nic.mac.lower(), "subnets": [_ipv4(nic), *_ipv6(nic)]}
    return {"version": 1, "config": [card, *names]}


def way_out(interfaces: tuple[Interface, ...]) -> Interface:
    """The interface with the default route of the least metric; the first one where none has a default route."""
    ways = [nic for nic in interfaces if nic.gateway or (nic.hears_offers and nic.default_route)]
    return min(ways, key=lambda nic: nic.metric or 0, default=interfaces[0])


def _ipv4(nic: Interface) -> dict[str, Any]:
    if nic.address is None:
        return {"type": "dhcp"}
    return {"type": "static", "address": f"{nic.address}/{nic.prefix}", **({"gateway": nic.gateway} if nic.gateway else {})}


def _ipv6(nic: Interface) -> list[dict[str, Any]]:
    """A static address alone: of two words for DHCP the second would take the first one's place, and SLAAC it ignores."""
    if nic.ipv6 is None or nic.ipv6.mode != "static":
        return []
    gateway = {"gateway": nic.ipv6.gateway} if nic.ipv6.gateway else {}
    return [{"type": "static6", "address": f"{nic.ipv6.address}/{nic.ipv6.prefix}", **gateway}]
