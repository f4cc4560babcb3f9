"""Flatcar Container Linux, stable, the Proxmox image: Ignition, no packages, A/B updates, for machines that run Kubernetes.

Rendered and checked by Ignition's own parser; not booted by our tests. Ignition reads the user snippet (the image's platform is
proxmoxve); the network-config is for Afterburn in the initramfs, which Flatcar does not let at it yet (flatcar/Flatcar#2002), see
`stardock.firstboot.afterburn`. Facts: docs/systems.md names their sources.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stardock.systems import drbd, networkd, storage
from stardock.systems.managed import ManagedFile
from stardock.systems.model import System
from stardock.systems.release import Kernel, Release
from stardock.systems.shared import HEAD, plugin_interfaces, sudoers, sysctl

if TYPE_CHECKING:
    from stardock.model.machine import Machine

_IMAGE = "https://stable.release.flatcar-linux.net/amd64-usr/current/flatcar_production_proxmoxve_image.img"

STABLE = Release(
    name="stable",
    title="Flatcar Container Linux",
    image_url=_IMAGE,
    image_file_name="flatcar_production_proxmoxve_image.qcow2",  # .img is qcow2, and PVE's content type `import` goes by the ending
    checksum_url=f"{_IMAGE}.DIGESTS",
    disk_gib=9,
    kernel=Kernel(name="Flatcar's kernel"),
)

#: update-engine writes the other partition and leaves the sentinel; whoever drains the machine reboots it. locksmithd would after five
#: minutes, undrained, and so would the reboot timer of extensions. RKE2 brings a containerd of its own.
MASKED = (
    "locksmithd.service",
    "systemd-sysupdate-reboot.service",
    "systemd-sysupdate-reboot.timer",
    "containerd.service",
    "docker.service",
    "docker.socket",
)


def _network_plugin(machine: Machine) -> ManagedFile:
    """Flatcar's own default would ask DHCP on every interface that a network plugin makes."""
    names = " ".join(("veth*", *plugin_interfaces(machine)))
    return ManagedFile("/etc/systemd/network/05-stardock-cni.network", f"{HEAD}[Match]\nName={names}\n\n[Link]\nUnmanaged=yes\n")


def files(machine: Machine) -> tuple[ManagedFile, ...]:
    """All files that Stardock owns on a Flatcar machine before any Kubernetes is there."""
    return (
        sudoers(machine),
        ManagedFile("/etc/ssh/sshd_config.d/10-stardock.conf", f"{HEAD}PasswordAuthentication no\n"),
        ManagedFile("/etc/flatcar/update.conf", f"{HEAD}REBOOT_STRATEGY=off\n"),
        ManagedFile("/etc/flatcar/enabled-sysext.conf", "python\n"),  # an extension of Flatcar's own: Ansible needs it
        ManagedFile("/etc/sysctl.d/80-stardock-console.conf", f"{HEAD}kernel.printk = 4 4 1 7\n"),  # no audit lines over the console
        *networkd.networks(machine, named=False),  # by MAC; acts after the initramfs, where Flatcar asks DHCP (flatcar/Flatcar#2002)
        _network_plugin(machine),
        *networkd.foreign_routes(machine),
        *sysctl(machine),
    )


FLATCAR = System(
    name="flatcar",
    title="Flatcar Container Linux",
    releases=(STABLE,),
    unrecorded="stable",
    first_user="core",
    first_boot="ignition",
    renderer="networkd",
    names_interfaces=False,
    package_manager="none",
    packages=(),
    packages_by_role={"server": (), "agent": ()},
    storage=storage.FLATCAR,
    drbd=drbd.FLATCAR,
    growth="the image itself, at every boot",
    reboots="nobody: there is no load balancer on it",
    files=files,
    masked_units=MASKED,
    advice="its first boot needs DHCP on the first interface, whatever is planned: Ansible's Python is fetched then (docs/systems.md)",
)
