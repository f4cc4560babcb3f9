"""One file an operating system; `system(name)` finds it. Pure data and functions, read by plan, first boot and bundle.

How to add one: docs/systems.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stardock.model.machine import Machine
from stardock.systems import debian, flatcar, leapmicro, microos, ubuntu
from stardock.systems.hosts import PROFILES, Profile, profile
from stardock.systems.managed import ManagedFile, Mirror
from stardock.systems.model import SENTINEL, System
from stardock.systems.release import Kernel, Release
from stardock.systems.shared import HEAD

if TYPE_CHECKING:
    from stardock.model.host import Member

__all__ = [
    "HEAD",
    "PROFILES",
    "SENTINEL",
    "SYSTEMS",
    "Kernel",
    "ManagedFile",
    "Mirror",
    "Profile",
    "Release",
    "System",
    "profile",
    "system",
    "system_of",
]

#: Name in cluster.yaml (`image.system`) -> system, in the order in which they are offered.
SYSTEMS: dict[str, System] = {
    each.name: each for each in (debian.DEBIAN, ubuntu.UBUNTU, microos.MICROOS, leapmicro.LEAPMICRO, flatcar.FLATCAR)
}


def system_of(member: Member) -> System | Profile:
    """What is known of the system of a machine or host: the fields that both have."""
    return SYSTEMS[member.image.system] if isinstance(member, Machine) else PROFILES[member.system]


def system(name: str) -> System:
    """Find the operating system of that name; KeyError when there is none."""
    return SYSTEMS[name]
