"""Debian 12 (bookworm), the genericcloud image: cloud-init, netplan over systemd-networkd, unattended-upgrades."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stardock.systems.model import ManagedFile, System
from stardock.systems.shared import APPLY_SYSCTL, HEAD, START_AGENT, runs_kubernetes, sudoers, sysctl

if TYPE_CHECKING:
    from stardock.plan.model import Interface, Machine

#: apt reads `//` comments; the numbers put ours behind the packages' own 20 and 50.
_PERIODIC = '// Written by Stardock.\nAPT::Periodic::Update-Package-Lists "1";\nAPT::Periodic::Unattended-Upgrade "1";\n'


def _reboots(machine: Machine) -> str:
    """Invariant 10: a Kubernetes machine is rebooted by whoever drains it; a load balancer by itself, at the start of its window."""
    window = None if runs_kubernetes(machine) else machine.window
    if window is None:
        return 'Unattended-Upgrade::Automatic-Reboot "false";\n'
    return (
        'Unattended-Upgrade::Automatic-Reboot "true";\n'
        'Unattended-Upgrade::Automatic-Reboot-WithUsers "true";\n'
        f'Unattended-Upgrade::Automatic-Reboot-Time "{window.start}";\n'
    )


def _upgrades(machine: Machine) -> tuple[ManagedFile, ...]:
    return (
        ManagedFile("/etc/apt/apt.conf.d/52stardock-periodic", _PERIODIC),
        ManagedFile("/etc/apt/apt.conf.d/52stardock-upgrades", "// Written by Stardock.\n" + _reboots(machine)),
    )


def _network(interface: Interface) -> str:
    """Set the DNS of one interface; the empty assignments first take back what cloud-init's own file says (systemd.network(5)).

    A static interface takes no router advertisements: cloud-init's networkd renderer drops the network-config's word on that (22.4).
    """
    servers = "".join(f"DNS={server}\n" for server in interface.dns)
    search = f"Domains={' '.join(interface.search)}\n" if interface.search else ""
    static = "IPv6AcceptRA=no\n" if interface.address is not None else ""
    return f"{HEAD}[Network]\nDNS=\nDomains=\n{servers}{search}{static}"


def _networks(machine: Machine) -> tuple[ManagedFile, ...]:
    """Drop-ins to the files that netplan (Debian's image) or cloud-init's networkd renderer write for an interface.

    cloud-init writes those once; an edit of `dns` reaches a machine through these. The one whose main file is missing is ignored.
    """
    return tuple(
        ManagedFile(f"/etc/systemd/network/10-{writer}-{interface.name}.network.d/stardock.conf", _network(interface))
        for interface in machine.interfaces
        for writer in ("netplan", "cloud-init")
    )


def files(machine: Machine) -> tuple[ManagedFile, ...]:
    """All files that Stardock owns on a Debian machine before any Kubernetes is there."""
    return (sudoers(machine), *_upgrades(machine), *_networks(machine), *sysctl(machine))


def _cloud_config(_machine: Machine) -> dict[str, Any]:
    return {"locale": "C.UTF-8", "package_update": True, "package_upgrade": False}


def _first_commands(machine: Machine) -> tuple[str, ...]:
    return (START_AGENT, *((APPLY_SYSCTL,) if sysctl(machine) else ()))


_KUBERNETES = ("apparmor", "iptables")  # containerd's profiles; RKE2's canal

DEBIAN = System(
    name="debian",
    image_url="https://cloud.debian.org/images/cloud/bookworm/latest/debian-12-genericcloud-amd64.qcow2",
    image_file_name="debian-12-genericcloud-amd64.qcow2",
    checksum_url="https://cloud.debian.org/images/cloud/bookworm/latest/SHA512SUMS",
    packages=("ca-certificates", "python3", "qemu-guest-agent", "sudo", "unattended-upgrades"),
    packages_by_role={"server": _KUBERNETES, "agent": _KUBERNETES, "loadbalancer": ("haproxy", "keepalived")},
    renderer="networkd",
    files=files,
    cloud_config=_cloud_config,
    first_commands=_first_commands,
    has_roles=True,
)
