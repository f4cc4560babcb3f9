"""Packages from a mirror, at first boot: before anything is installed, and only when the mirror answers."""

from __future__ import annotations

from stardock.systems import Mirror
from stardock.systems.scripts import filled


def switch_command(mirror: Mirror) -> list[str]:
    """The words of a `bootcmd` that runs once a machine."""
    return ["cloud-init-per", "once", "stardock-mirror", "sh", "-euc", switch_script(mirror), "stardock-mirror", mirror.check]


def switch_script(mirror: Mirror) -> str:
    """Ask $1, write the sources, then run what switches the others off."""
    return filled("mirror.sh.j2", files=mirror.files, commands=mirror.commands)
