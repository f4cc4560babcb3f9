"""The network-config, version 1: the one version that every renderer takes (parity 3.4 lists what goes wrong with it)."""

from __future__ import annotations

from typing import Any

from stardock.plan.model import Interface, Machine


def network_config(machine: Machine) -> dict[str, Any]:
    """Give each interface by MAC and name; DNS belongs to the interface, since renderers ignore the global one."""
    return {"version": 1, "config": [_physical(interface) for interface in machine.interfaces]}


def _physical(interface: Interface) -> dict[str, Any]:
    card = {"type": "physical", "name": interface.name, "mac_address": interface.mac.lower()}
    if interface.address is None:
        return {**card, "subnets": [{"type": "dhcp", **_dns(interface)}]}
    # static means these addresses and no other; waiting for a router's advertisement also costs 12 s of each boot
    return {**card, "accept-ra": False, "subnets": [_static(interface)]}


def _static(interface: Interface) -> dict[str, Any]:
    gateway = {"gateway": interface.gateway} if interface.gateway else {}
    return {"type": "static", "address": f"{interface.address}/{interface.prefix}", **gateway, **_dns(interface)}


def _dns(interface: Interface) -> dict[str, Any]:
    servers = {"dns_nameservers": list(interface.dns)} if interface.dns else {}
    return {**servers, **({"dns_search": list(interface.search)} if interface.search else {})}
