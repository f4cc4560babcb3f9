"""One file an operating system; `system(name)` finds it. Pure data and functions, read by plan, first boot and bundle."""

from __future__ import annotations

from stardock.systems import debian, microos
from stardock.systems.model import ManagedFile, System

__all__ = ["SYSTEMS", "ManagedFile", "System", "system"]

#: Name in cluster.yaml (`image.system`) -> system, in the order in which they are offered.
SYSTEMS: dict[str, System] = {each.name: each for each in (debian.DEBIAN, microos.MICROOS)}


def system(name: str) -> System:
    """Find the operating system of that name; KeyError when there is none."""
    return SYSTEMS[name]
