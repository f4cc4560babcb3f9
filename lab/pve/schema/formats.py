"""PVE's named formats, as far as the supported routes meet them. The published schema names them without defining them."""

from __future__ import annotations

import ipaddress
import re

from lab.pve.schema.model import Rule

_HOSTNAME = r"[a-zA-Z0-9]([a-zA-Z0-9\-]*[a-zA-Z0-9])?"
_VOLUME = r"[a-zA-Z][a-zA-Z0-9\-_.]*[a-zA-Z0-9]:[^,\s]+"
_DEVICE = r"(ide[0-3]|sata[0-5]|scsi([0-9]|[12][0-9]|30)|virtio([0-9]|1[0-5])|net([0-9]|[12][0-9]|3[01])|usb\d+|hostpci\d+)"

_PATTERNS: dict[str, str] = {
    "pve-node": _HOSTNAME,
    "pve-vmid": r"[1-9][0-9]{2,8}",
    "pve-storage-id": r"[a-zA-Z][a-zA-Z0-9\-_.]*[a-zA-Z0-9]",
    "pve-storage-content": r"backup|images|import|iso|none|rootdir|snippets|vztmpl",
    "pve-configid": r"[a-zA-Z][a-zA-Z0-9\-_]+",
    "pve-userid": r"[^\s:/]+@[A-Za-z][A-Za-z0-9.\-_]+",
    "pve-tokenid": r"[^\s:/]+@[A-Za-z][A-Za-z0-9.\-_]+![A-Za-z][A-Za-z0-9.\-_]+",
    "pve-roleid": r"[A-Za-z0-9.\-_]+",
    "pve-realm": r"[A-Za-z][A-Za-z0-9.\-_]+",
    "pve-priv": r"[A-Za-z]+(\.[A-Za-z]+)+",
    "pve-ha-resource-or-vm-id": r"[a-z]+:\S+|[1-9][0-9]+",
    "pve-ha-resource-id": r"[a-z]+:\S+",
    "pve-ha-node": rf"{_HOSTNAME}(:\d+)?",
    "pve-poolid": r"[A-Za-z0-9.\-_]+(/[A-Za-z0-9.\-_]+){0,2}",
    "pve-bridge-id": r"[-_.\w\d]+",
    "pve-tag": r"[a-zA-Z0-9_][a-zA-Z0-9_\-+.]*",
    "pve-volume-id": _VOLUME,
    "pve-volume-id-or-qm-path": rf"none|cdrom|/.+|{_VOLUME}",
    "pve-volume-id-or-absolute-path": rf"/.+|{_VOLUME}",
    "pve-task-status-type": r"ok|error|warning|unknown",
    "pve-cpuset": r"\d+(-\d+)?(,\d+(-\d+)?)*",
    "pve-qm-bootdisk": r"(ide|sata|scsi|virtio)\d+",
    "pve-qm-boot": rf"(order=({_DEVICE}(;{_DEVICE})*)?)|(legacy=)?[acdn]{{1,4}}",
    "pve-startup-order": r"((order=)?\d+|(up|down)=\d+)(,(order|up|down)=\d+)*",
    "pve-hotplug-features": r"0|1|((network|disk|cpu|memory|usb|cloudinit)(,(network|disk|cpu|memory|usb|cloudinit))*)",
    "dns-name": rf"(?=.{{1,255}}$){_HOSTNAME}(\.{_HOSTNAME})*",
    "mac-addr": r"[a-fA-F0-9][02468aceACE](:[a-fA-F0-9]{2}){5}",
    "disk-size": r"\d+(\.\d+)?[KMGT]?",
    "urlencoded": r"([-A-Za-z0-9_.!~*'()]|%[0-9A-Fa-f]{2})*",
}


def _addresses(value: str) -> bool:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return re.fullmatch(_PATTERNS["dns-name"], value) is not None
    return True


def format_error(name: str, value: str) -> str | None:
    """What is wrong with `value` by PVE's format `name`, or None; also None for a format that is not emulated (see `is_known`)."""
    listed = name.removesuffix("-list")
    if listed != name:
        return next((problem for part in re.split(r"[,;\s\0]+", value) if part and (problem := format_error(listed, part))), None)
    if name == "address":
        return None if _addresses(value) else f"value does not look like a valid address: {value}"
    pattern = _PATTERNS.get(name)
    if pattern is None or re.fullmatch(pattern, value):
        return None
    return f"value '{value}' does not look like a valid {name}"


def is_known(name: str) -> bool:
    """Whether values of this format are looked at."""
    return name in NESTED or name == "address" or name in _PATTERNS or (name.endswith("-list") and is_known(name.removesuffix("-list")))


_SNIPPET = Rule(format="pve-volume-id")

_PCI = r"(?:[a-f0-9]{4,}:)?[a-f0-9]{2}:[a-f0-9]{2}(?:\.[a-f0-9])?"

#: Named formats that are property strings.
NESTED: dict[str, dict[str, Rule]] = {
    "pve-qm-hostpci": {
        "host": Rule(pattern=rf"{_PCI}(;{_PCI})*", default_key=True),
        "mapping": Rule(format="pve-configid"),
        "mdev": Rule(pattern=r"[^/\.:]+"),
        "romfile": Rule(pattern=r"[^,;]+"),
        "driver": Rule(choices=("vfio", "keep")),
        **{key: Rule("boolean") for key in ("legacy-igd", "pcie", "rombar", "x-vga")},
        **{f"{key}-id": Rule(pattern=r"0x[0-9a-fA-F]{4}") for key in ("vendor", "device", "sub-vendor", "sub-device")},
    },
    "pve-qm-cicustom": dict.fromkeys(("meta", "network", "user", "vendor"), _SNIPPET),
    "pve-vm-cpu-conf": {
        "cputype": Rule(pattern=r"[a-zA-Z0-9\-_.]+", default_key=True),
        "reported-model": Rule(),
        "hidden": Rule("boolean"),
        "hv-vendor-id": Rule(pattern=r"[a-zA-Z0-9]{1,12}"),
        "flags": Rule(pattern=r"[+-][a-zA-Z0-9\-_.]+(;[+-][a-zA-Z0-9\-_.]+)*"),
        "phys-bits": Rule(pattern=r"(8|[1-5][0-9]|6[0-4]|9|host)"),
        "guest-phys-bits": Rule("integer", minimum=32, maximum=64),
    },
    "pve-qm-ipconfig": {
        "ip": Rule(pattern=r"dhcp|[\d.]+/\d+"),
        "gw": Rule(pattern=r"[\d.]+", requires="ip"),
        "ip6": Rule(pattern=r"dhcp|auto|[0-9a-fA-F:]+/\d+"),
        "gw6": Rule(pattern=r"[0-9a-fA-F:]+", requires="ip6"),
    },
    "pve-qm-smbios1": {
        "uuid": Rule(pattern=r"[a-fA-F0-9]{8}(?:-[a-fA-F0-9]{4}){3}-[a-fA-F0-9]{12}"),
        "base64": Rule("boolean"),
        **{key: Rule() for key in ("version", "serial", "manufacturer", "product", "sku", "family")},
    },
}
