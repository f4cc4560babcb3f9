"""openSUSE Leap Micro 6.2: MicroOS with releases, for machines that run Kubernetes. Rendered and checked by real parsers; not booted.

Its repository is small, and one package that it lacks would fail the whole first installation: so the list is short, and there is no
load balancer on it (nothing shows that it carries haproxy and keepalived).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stardock.systems import transactional
from stardock.systems.managed import ManagedFile, Mirror
from stardock.systems.release import Kernel, Release

if TYPE_CHECKING:
    from stardock.model.machine import Machine

_IMAGE = "openSUSE-Leap-Micro.x86_64-Default-qcow.qcow2"
_URL = f"https://download.opensuse.org/distribution/leap-micro/6.2/appliances/{_IMAGE}"

CURRENT = Release(
    name="6.2",
    title="openSUSE Leap Micro 6.2",
    image_url=_URL,
    image_file_name=_IMAGE,
    checksum_url=f"{_URL}.sha256",
    disk_gib=20,  # as MicroOS, from which its image description comes; its own was not read
    kernel=Kernel(name="openSUSE's kernel-default"),
    marks=("leap-micro/6.2", "leap-micro-6.2"),
)


def files(machine: Machine) -> tuple[ManagedFile, ...]:
    """As on all transactional systems; rebootmgr is version 2 or 3 by release, and each reads a file that the other ignores."""
    return transactional.files(machine, rebootmgr_paths=(transactional.REBOOTMGR_2, transactional.REBOOTMGR_3))


def mirror(machine: Machine) -> Mirror | None:
    """The URL is that of a copy of https://download.opensuse.org."""
    release = machine.image.release
    return transactional.mirror(machine, {"oss": f"distribution/leap-micro/{release}/product/repo/openSUSE-Leap-Micro-{release}-x86_64"})


LEAPMICRO = transactional.system(
    name="leapmicro",
    title="openSUSE Leap Micro",
    policy="slemicro",
    releases=(CURRENT,),
    unrecorded="6.2",
    packages=("python3", "sudo", "qemu-guest-agent", "policycoreutils-python-utils"),
    packages_by_role={"server": transactional.KUBERNETES, "agent": transactional.KUBERNETES},
    files=files,
    mirror=mirror,
)
