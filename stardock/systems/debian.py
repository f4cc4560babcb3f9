"""Debian 12 (bookworm), the genericcloud image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stardock.systems import apt
from stardock.systems.model import Mirror

if TYPE_CHECKING:
    from stardock.plan.model import Machine

_IMAGES = "https://cloud.debian.org/images/cloud/bookworm/latest"
_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"

#: Security updates are a tree of their own, which few mirror: they keep coming from Debian.
_SECURITY = f"""
Types: deb
URIs: https://security.debian.org/debian-security
Suites: bookworm-security
Components: main
Signed-By: {_KEYRING}
"""


def mirror(machine: Machine) -> Mirror | None:
    """The URL is that of a copy of the archive, the folder with `dists`."""
    return apt.mirror(
        machine,
        path="/etc/apt/sources.list.d/debian.sources",
        keyring=_KEYRING,
        suites=("bookworm", "bookworm-updates"),
        components="main",
        rest=_SECURITY,
    )


DEBIAN = apt.system(
    name="debian",
    title="Debian 12",
    image_url=f"{_IMAGES}/debian-12-genericcloud-amd64.qcow2",
    image_file_name="debian-12-genericcloud-amd64.qcow2",
    checksum_url=f"{_IMAGES}/SHA512SUMS",
    first_user="debian",
    mirror=mirror,
)
