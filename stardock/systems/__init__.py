"""One file an operating system; `system(name)` finds it. Pure data and functions, read by plan, first boot and bundle.

How to add one: docs/systems.md.
"""

from __future__ import annotations

from stardock.systems import debian, flatcar, leapmicro, microos, ubuntu
from stardock.systems.managed import ManagedFile, Mirror
from stardock.systems.model import SENTINEL, System
from stardock.systems.release import Kernel, Release
from stardock.systems.shared import HEAD

__all__ = ["HEAD", "SENTINEL", "SYSTEMS", "Kernel", "ManagedFile", "Mirror", "Release", "System", "system"]

#: Name in cluster.yaml (`image.system`) -> system, in the order in which they are offered.
SYSTEMS: dict[str, System] = {
    each.name: each for each in (debian.DEBIAN, ubuntu.UBUNTU, microos.MICROOS, leapmicro.LEAPMICRO, flatcar.FLATCAR)
}


def system(name: str) -> System:
    """Find the operating system of that name; KeyError when there is none."""
    return SYSTEMS[name]
