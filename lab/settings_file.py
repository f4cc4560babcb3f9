"""LabSettings as JSON: how a lab's processes hand them on, and how a later command finds them."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lab.settings import LabSettings, Network, PveNode


def save(settings: LabSettings) -> Path:
    """Writes `<directory>/settings.json`."""
    file = Path(settings.directory) / "settings.json"
    file.write_text(json.dumps(asdict(settings), indent=1, sort_keys=True) + "\n")
    return file


def load(file: Path) -> LabSettings:
    """The reverse; the file is ours, so a damaged one is a KeyError or a ValueError."""
    raw = json.loads(file.read_text())
    networks = tuple(_network(item) for item in raw.pop("networks"))
    lists = {name: tuple(raw.get(name, ())) for name in ("pools", "devices", "usb")}
    return LabSettings(**raw | lists | {"networks": networks, "pve_nodes": tuple(PveNode(**item) for item in raw["pve_nodes"])})


def _network(item: dict[str, Any]) -> Network:
    return Network(**{**item, "dhcp_range": _pair(item["dhcp_range"]), "gateways_v6": tuple(item["gateways_v6"])})


def _pair(value: list[str] | None) -> tuple[str, str] | None:
    return (value[0], value[1]) if value else None
