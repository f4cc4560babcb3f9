"""Ubuntu 24.04 LTS (noble), the server cloud image. Rendered and checked by real parsers; not booted by our tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stardock.distributions import UNITS_OF_OURS
from stardock.systems import apt, drbd
from stardock.systems.managed import ManagedFile, Mirror
from stardock.systems.release import Kernel, Release
from stardock.systems.shared import runs_kubernetes

if TYPE_CHECKING:
    from stardock.model.machine import Machine

_IMAGES = "https://cloud-images.ubuntu.com/noble/current"

NOBLE = Release(
    name="24.04",
    title="Ubuntu 24.04 LTS",
    codename="noble",
    image_url=f"{_IMAGES}/noble-server-cloudimg-amd64.img",
    image_file_name="noble-server-cloudimg-amd64.qcow2",  # .img is qcow2, and PVE's content type `import` goes by the ending
    checksum_url=f"{_IMAGES}/SHA256SUMS",
    disk_gib=4,
    kernel=Kernel(name="Ubuntu's kernel"),
    marks=("noble", "24.04"),
)

#: needrestart restarts what uses an updated library, without asking since 24.04: a Kubernetes service restarts when its machine is drained.
_NEEDRESTART = f"# Written by Stardock.\n$nrconf{{override_rc}}{{qr(^({'|'.join(UNITS_OF_OURS)})(-|\\.))}} = 0;\n"


def files(machine: Machine) -> tuple[ManagedFile, ...]:
    """As on Debian, and needrestart kept off Kubernetes."""
    own = (ManagedFile("/etc/needrestart/conf.d/90-stardock.conf", _NEEDRESTART),) if runs_kubernetes(machine) else ()
    return (*apt.files(machine), *own)


def mirror(machine: Machine) -> Mirror | None:
    """The URL is that of a copy of http://archive.ubuntu.com/ubuntu, which holds security updates too."""
    codename = UBUNTU.release(machine.image.release).codename
    return apt.mirror(
        machine,
        path="/etc/apt/sources.list.d/ubuntu.sources",
        keyring="/usr/share/keyrings/ubuntu-archive-keyring.gpg",
        suites=(codename, f"{codename}-updates", f"{codename}-security"),
        components="main universe",
    )


UBUNTU = apt.system(
    name="ubuntu",
    drbd=drbd.UBUNTU,
    title="Ubuntu",
    releases=(NOBLE,),
    unrecorded="24.04",
    first_user="ubuntu",
    files=files,
    mirror=mirror,
)
