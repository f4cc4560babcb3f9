"""What an administrator has set up before anybody deploys: pools, resource mappings. What is there already stays as it is."""

from __future__ import annotations

from lab.pve.access.store import Pool
from lab.pve.estate import Estate
from lab.pve.state import Mapping

#: Devices of each mapping on each PVE node.
_PLENTY = 8


def furnish(estate: Estate) -> None:
    """Makes what the settings name."""
    with estate.access.changed():
        for name in estate.settings.pools:
            estate.access.pools.setdefault(name, Pool())
    with estate.state as state:
        for bus, name in enumerate(estate.settings.devices, 1):
            state.mappings.setdefault(name, Mapping(_devices(estate.nodes, bus), "made by the lab"))
        for name in estate.settings.usb:
            state.usb.setdefault(name, Mapping([f"node={node},id=10c4:ea60" for node in estate.nodes], "made by the lab"))


def _devices(nodes: tuple[str, ...], bus: int) -> list[str]:
    return [f"node={node},path=0000:{bus:02x}:{slot:02x}.0,id=10de:2204" for node in nodes for slot in range(_PLENTY)]
