"""The shapes of Proxmox' answers that we read (PVE's API viewer, 9.1): what has another one is no answer, and no name of it is repeated.

Names end in messages and in commands that a person copies, so they must be such as Proxmox gives (PVE::JSONSchema, formats).
Everything here raises ValueError, which `Estate.read` turns into words.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,120}")
#: `vmbr0.5` is a VLAN, `vmbr0:1` a further address (pve-iface).
_INTERFACE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,120}")
_WORDS = re.compile(r"[A-Za-z0-9, ._-]{0,400}")
_TEXTS = {
    **dict.fromkeys(("node", "storage", "poolid"), _NAME),
    "iface": _INTERFACE,
    **dict.fromkeys(("type", "status", "content", "plugintype"), _WORDS),
}
_NUMBERS = frozenset(
    {"vmid", "maxmem", "mem", "maxdisk", "disk", "maxcpu", "size", "quorate", "online", "active", "bridge_vlan_aware", "shared"}
)
#: What each kind of /cluster/resources has beside its type.
RESOURCES = {
    "node": ("node", "status"),
    "storage": ("node", "storage", "status"),
    "qemu": ("node", "vmid"),
    "lxc": ("node", "vmid"),
}


def rows(told: object, *needed: str) -> list[dict[str, Any]]:
    """A list of rows, each with the fields that are `needed`."""
    if not isinstance(told, list):
        raise ValueError(type(told).__name__)  # noqa: TRY004  one kind of error for all
    return [row(item, *needed) for item in told]


def interfaces(told: object) -> list[dict[str, Any]]:
    """The rows of a PVE node's network. One with a name that Proxmox gives to none is left out: nothing in cluster.yaml can mean it."""
    named = [item for item in told if not _is_odd(item)] if isinstance(told, list) else told
    return rows(named, "iface")


def _is_odd(item: object) -> bool:
    name = item.get("iface") if isinstance(item, Mapping) else None
    return isinstance(name, str) and not _INTERFACE.fullmatch(name)


def resources(told: object) -> list[dict[str, Any]]:
    """The rows of /cluster/resources."""
    return [row(item, *RESOURCES.get(item["type"], ())) for item in rows(told, "type")]


def row(told: object, *needed: str) -> dict[str, Any]:
    """One row: numbers are numbers, names are names, no text has a control character; what is null is not there."""
    if not isinstance(told, Mapping) or any(told.get(key) is None for key in needed):
        raise ValueError(type(told).__name__)
    return {str(key): _field(str(key), value) for key, value in told.items() if value is not None}


def config(told: object) -> dict[str, Any]:
    """A VM's configuration as it is: a description has lines."""
    if not isinstance(told, Mapping) or not all(isinstance(value, str | int | float) for value in told.values()):
        raise ValueError(type(told).__name__)
    return {str(key): value for key, value in told.items()}


def rights(told: object) -> dict[str, dict[str, Any]]:
    """Privileges by path."""
    return {path: row(value) for path, value in row(told).items()}


def number(told: object) -> float:
    """A finite number; PVE writes some as text."""
    found = float(told) if isinstance(told, int | float | str) else math.nan
    if not math.isfinite(found):
        raise ValueError(type(told).__name__)
    return found


def text(told: object) -> str:
    """A text of words and numbers, a version for example."""
    if not isinstance(told, str) or not re.fullmatch(r"[\w.+:~ /()-]{1,100}", told):
        raise ValueError(type(told).__name__)
    return told


def _field(key: str, value: object) -> object:
    if key in _NUMBERS:
        return _amount(key, value)
    form = _TEXTS.get(key)
    if form and not (isinstance(value, str) and form.fullmatch(value)):
        raise ValueError(key)
    return "".join(one if one.isprintable() else "?" for one in value) if isinstance(value, str) else value


def _amount(key: str, value: object) -> object:
    """As it is where it is a number; a text becomes one."""
    found = number(value)
    if key == "vmid" and not found.is_integer():
        raise ValueError(key)
    return value if not isinstance(value, str) else int(found) if found.is_integer() else found
