"""Addresses, networks and MACs. Each says what it takes when it is given something else."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated

from pydantic import BeforeValidator

from stardock.spec.mistakes import cures
from stardock.spec.section import broken
from stardock.spec.units import as_schema, shown

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

#: Python takes anything behind the `%` of an IPv6 address; there stands the name of an interface.
_ZONE = re.compile(r"\A[^%]*(%[A-Za-z0-9._-]{1,15})?\Z")
_MAC = re.compile(r"[0-9A-F]{2}(:[0-9A-F]{2}){5}")


def parse_ipv4(value: object) -> ipaddress.IPv4Address:
    """One IPv4 address, without a prefix."""
    if isinstance(value, ipaddress.IPv4Address):
        return value
    try:
        return ipaddress.IPv4Address(value if isinstance(value, str) else "")
    except ValueError:
        raise broken(f"{shown(value)} is not an IPv4 address", _ipv4_cure(value)) from None


def _ipv4_cure(value: object) -> str:
    if isinstance(value, str) and "/" in value:
        return f"write {value.split('/')[0]}, without its prefix"
    if isinstance(value, str) and ":" in value:
        return "only IPv4 goes here; IPv6 of machines belongs under `ipv6` of an interface"
    return "write four numbers of 0 to 255, for example 192.168.1.40"


def parse_ipv6(value: object) -> ipaddress.IPv6Address:
    """One IPv6 address, without a prefix or a zone."""
    if isinstance(value, ipaddress.IPv6Address):
        return value
    try:
        return ipaddress.IPv6Address(value if isinstance(value, str) and "%" not in value else "")
    except ValueError:
        raise broken(f"{shown(value)} is not an IPv6 address", _ipv6_cure(value)) from None


def _ipv6_cure(value: object) -> str:
    if isinstance(value, str) and "/" in value:
        return f'write "{value.split("/", maxsplit=1)[0]}" here, and its prefix under `prefix`'
    return 'write it in quotes, for example "fd00:10::1"'


def parse_network(value: object) -> str:
    """An IPv4 or IPv6 network in CIDR form, without host bits."""
    text = value if isinstance(value, str) else ""
    try:
        network = ipaddress.ip_network("" if "%" in text else text, strict=False)
    except ValueError:
        raise broken(f"{shown(value)} is not a network", "write for example 10.20.0.0/16") from None
    if "/" not in text:
        raise broken(f"{shown(value)} is an address, not a network", f"write {network}, or the network's prefix")
    if str(network.network_address) != str(ipaddress.ip_address(text.split("/")[0])):
        raise broken(f"{shown(value)} has bits set behind its prefix", f"write {network}")
    return str(network)


def parse_mac(value: object) -> str:
    """A MAC of one device (PVE refuses multicast ones), upper case with colons as PVE writes it."""
    text = value.upper().replace("-", ":") if isinstance(value, str) else ""
    if not _MAC.fullmatch(text):
        raise broken(f"{shown(value)} is not a MAC", 'write six pairs of hexadecimal digits in quotes: "BC:24:11:00:00:01"')
    if int(text[:2], 16) % 2:
        raise broken(f"{shown(value)} is a multicast MAC: the first pair is odd", f'write for example "BC{text[2:]}"')
    return text


def parse_address(value: object) -> str:
    """An IPv4 or IPv6 address, as text in its normal form."""
    try:
        return str(ipaddress.ip_address(value if isinstance(value, str) and _ZONE.search(value) else ""))
    except ValueError:
        alone = cures.address_of(value) if isinstance(value, str) and "/" in value else None
        cure = f"write {alone}, without its prefix" if alone else "write for example 192.168.1.1"
        raise broken(f"{shown(value)} is not an IP address", cure) from None


Ipv4 = Annotated[ipaddress.IPv4Address, BeforeValidator(parse_ipv4), as_schema("string", format="ipv4")]
Ipv6 = Annotated[ipaddress.IPv6Address, BeforeValidator(parse_ipv6), as_schema("string", format="ipv6")]
Cidr = Annotated[str, BeforeValidator(parse_network), as_schema("string", examples=["10.20.0.0/16"])]
Mac = Annotated[str, BeforeValidator(parse_mac), as_schema("string", pattern="^[0-9A-Fa-f]{2}([:-][0-9A-Fa-f]{2}){5}$")]
Address = Annotated[str, BeforeValidator(parse_address), as_schema("string", examples=["192.168.1.1"])]
