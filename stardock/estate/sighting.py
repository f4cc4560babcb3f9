"""From what one machine said to facts, and to what bootstrap still lacks of it: pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from stardock.estate.agent import Addresses, HostKeys
from stardock.estate.reasons import Kind, Reason
from stardock.model.facts import MachineFacts
from stardock.model.machine import Interface, Ipv6, Machine
from stardock.model.plan import Plan

_IPV4 = "."


@dataclass(frozen=True, slots=True)
class Sighting:
    """What one machine said in one round. `missing` says what bootstrap still lacks; None: nothing.

    `mark` is that of its founded cluster: empty where it has none, None where it was not asked or did not say.

    `odd`: what it told and cannot be used.
    """

    facts: MachineFacts | None
    missing: Reason | None
    mark: str | None = None
    odd: tuple[str, ...] = ()


def sighting_of(machine: Machine, told: Addresses, keys: HostKeys, vips: Sequence[str], others: frozenset[str] = frozenset()) -> Sighting:
    """Match addresses to interfaces by MAC; a VIP belongs to nobody. Tells what is missing for bootstrap.

    A machine that says it has an address of `others` would have what is meant for it done to them: left out, and told.
    """
    said = {nic.name: told.by_mac.get(nic.mac.upper(), ()) for nic in machine.interfaces}
    addresses = {name: _ipv4_first([one for one in found if one not in others], vips) for name, found in said.items()}
    claimed = tuple(one for found in said.values() for one in found if one in others and one not in vips)
    present = {name: found for name, found in addresses.items() if found}
    facts = MachineFacts(addresses=present, host_keys=keys.keys) if present or keys.keys else None
    return Sighting(facts, _lacking(machine, present, told, keys), odd=(*told.odd, *keys.odd, *claimed))


def addresses_of_others(plan: Plan, machine: Machine) -> frozenset[str]:
    """What the plan gives to PVE nodes, gateways, other machines and hosts."""
    theirs = {text for other in plan.machines if other.name != machine.name for nic in other.interfaces for text in _static(nic)}
    routers = {nic.gateway for other in plan.machines for nic in other.interfaces if nic.gateway}
    hosts = {address for host in plan.hosts for address in (host.address, host.reached_at, host.ipv6) if address}
    return frozenset({*theirs, *routers, *hosts, *(node.address for node in plan.proxmox.nodes if node.address)} - _own(machine))


def _own(machine: Machine) -> set[str]:
    return {text for nic in machine.interfaces for text in _static(nic)}


def _static(nic: Interface) -> Iterator[str]:
    if nic.address is not None:
        yield nic.address
    if nic.ipv6 is not None and nic.ipv6.address is not None:
        yield nic.ipv6.address


def _lacking(machine: Machine, present: Mapping[str, Sequence[str]], told: Addresses, keys: HostKeys) -> Reason | None:
    words = _missing(machine, present)
    if words:
        return told.reason or Reason(Kind.MISSING, words)
    return None if keys.keys else keys.reason or Reason(Kind.MISSING, "has no SSH host key yet")


def _ipv4_first(found: Sequence[str], vips: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted((address for address in found if address not in vips), key=lambda address: _IPV4 not in address))


def _missing(machine: Machine, addresses: Mapping[str, Sequence[str]]) -> str | None:
    """Say which address is not there. For DHCP's IPv4 one by router advertisement does not count, which comes sooner."""
    for nic in machine.interfaces:
        found = addresses.get(nic.name, ())
        if nic.address is not None and nic.address not in found:
            return f"does not have {nic.address} on {nic.name} ({', '.join(found) or 'no address'})"
        if nic.address is None and not any(_IPV4 in address for address in found):
            return f"has no address on {nic.name}"
        if nic.ipv6 is not None and not _has_ipv6(nic.ipv6, found):
            return f"does not have {nic.ipv6.address or f'IPv6 by {nic.ipv6.mode}'} on {nic.name} ({', '.join(found)})"
    return None


def _has_ipv6(wanted: Ipv6, found: Sequence[str]) -> bool:
    return wanted.address in found if wanted.mode == "static" else any(":" in address for address in found)
