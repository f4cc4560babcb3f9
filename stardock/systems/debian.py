"""Debian stable and the one before, the generic cloud images: Debian's whole kernel, where genericcloud has the cloud kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stardock.systems import apt, drbd
from stardock.systems.managed import Mirror
from stardock.systems.release import Kernel, Release

if TYPE_CHECKING:
    from stardock.model.machine import Machine

_IMAGES = "https://cloud.debian.org/images/cloud"
_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"

#: linux-image-amd64, of the generic images (Debian's linux-config-6.1 and -6.12, config.amd64_none_amd64: all modules that PVE may need).
GENERIC = Kernel(name="Debian's generic kernel")
#: What linux-image-cloud-amd64 leaves out (the same packages, config.amd64_none_cloud-amd64): Intel's and Realtek's NICs, DRM. 6.1 has no
#: AHCI either; 6.12 has.
_CLOUD_LACKS = frozenset({"e1000", "e1000e", "rtl8139"})
CLOUD_12 = Kernel(name="Debian 12's cloud kernel", nics=_CLOUD_LACKS, graphics=False, usb=False, ahci=False)
CLOUD = Kernel(name="Debian's cloud kernel", nics=_CLOUD_LACKS, graphics=False, usb=False)

#: Variants of Debian's images that have the cloud kernel (debian-cloud-images' config space).
_CLOUD_VARIANTS = ("genericcloud", "-ec2-", "-azure-")


def _release(number: str, codename: str, *, former: tuple[str, ...] = ()) -> Release:
    name = f"debian-{number}-generic-amd64.qcow2"
    folder = f"{_IMAGES}/{codename}/latest"
    return Release(
        name=number,
        title=f"Debian {number}",
        codename=codename,
        image_url=f"{folder}/{name}",
        image_file_name=name,
        checksum_url=f"{folder}/SHA512SUMS",
        former_urls=tuple(f"{folder}/{one}" for one in former),
        disk_gib=3,
        kernel=GENERIC,
        marks=(f"debian-{number}", codename),
    )


TRIXIE = _release("13", "trixie")
BOOKWORM = _release("12", "bookworm", former=("debian-12-genericcloud-amd64.qcow2",))


def kernel_of(release: Release, image_name: str) -> Kernel:
    """A user's own image whose name says so has the cloud kernel."""
    if any(variant in image_name for variant in _CLOUD_VARIANTS):
        return CLOUD_12 if release == BOOKWORM else CLOUD
    return release.kernel


def _security(codename: str) -> str:
    """Security updates are a tree of their own, which few mirror: they keep coming from Debian."""
    return f"""
Types: deb
URIs: https://security.debian.org/debian-security
Suites: {codename}-security
Components: main
Signed-By: {_KEYRING}
"""


def mirror(machine: Machine) -> Mirror | None:
    """The URL is that of a copy of the archive, the folder with `dists`."""
    codename = DEBIAN.release(machine.image.release).codename
    return apt.mirror(
        machine,
        path="/etc/apt/sources.list.d/debian.sources",
        keyring=_KEYRING,
        suites=(codename, f"{codename}-updates"),
        components="main",
        rest=_security(codename),
    )


DEBIAN = apt.system(
    name="debian",
    drbd=drbd.DEBIAN,
    title="Debian",
    releases=(TRIXIE, BOOKWORM),
    unrecorded="12",
    kernel_of=kernel_of,
    unfit_images={"-nocloud-": "has no cloud-init"},
    first_user="debian",
    booted_by_tests=True,
    mirror=mirror,
)
