"""openSUSE MicroOS, the ContainerHost cloud image. Rendered and checked by real parsers; not booted by our tests.

A rolling system: the image's name has no version, and yesterday's is gone in weeks, so a cluster that lives pins its image.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stardock.systems import transactional
from stardock.systems.managed import ManagedFile, Mirror
from stardock.systems.release import Kernel, Release

if TYPE_CHECKING:
    from stardock.model.machine import Machine

_IMAGE = "openSUSE-MicroOS.x86_64-ContainerHost-OpenStack-Cloud.qcow2"
_URL = f"https://download.opensuse.org/tumbleweed/appliances/{_IMAGE}"

#: It has no releases; the word is for the lock.
ROLLING = Release(
    name="rolling",
    title="openSUSE MicroOS",
    image_url=_URL,
    image_file_name=_IMAGE,
    checksum_url=f"{_URL}.sha256",
    disk_gib=20,  # openSUSE-MicroOS.kiwi
    kernel=Kernel(name="openSUSE's kernel-default"),
)


def files(machine: Machine) -> tuple[ManagedFile, ...]:
    """As on all transactional systems; rebootmgr is version 3."""
    return transactional.files(machine, rebootmgr_paths=(transactional.REBOOTMGR_3,))


def mirror(machine: Machine) -> Mirror | None:
    """The URL is that of a copy of https://download.opensuse.org."""
    return transactional.mirror(machine, {"oss": "tumbleweed/repo/oss", "non-oss": "tumbleweed/repo/non-oss"})


MICROOS = transactional.system(
    name="microos",
    title="openSUSE MicroOS",
    policy="microos",
    releases=(ROLLING,),
    unrecorded="rolling",
    files=files,
    mirror=mirror,
)
