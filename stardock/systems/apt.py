"""What Debian and Ubuntu have in common: cloud-init, netplan over systemd-networkd, apt, unattended-upgrades."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from stardock.systems import networkd, proxies, storage
from stardock.systems.managed import ManagedFile, Mirror
from stardock.systems.model import System
from stardock.systems.shared import (
    APPLY_SYSCTL,
    HEAD,
    START_AGENT,
    own_window,
    sudoers,
    sysctl,
)

if TYPE_CHECKING:
    from stardock.model.machine import Machine, Role

#: apt reads `//` comments; the numbers put ours behind the packages' own 20 and 50.
_PERIODIC = '// Written by Stardock.\nAPT::Periodic::Update-Package-Lists "1";\nAPT::Periodic::Unattended-Upgrade "1";\n'

#: unattended-upgrades also brings the hook that leaves the sentinel: Debian's kernels do not by themselves.
PACKAGES = ("ca-certificates", "python3", "qemu-guest-agent", "sudo", "unattended-upgrades")

_KUBERNETES = ("apparmor", "iptables")  # containerd's profiles; RKE2's canal
PACKAGES_BY_ROLE: dict[Role, tuple[str, ...]] = {
    "loadbalancer": ("haproxy", "keepalived"),
    "server": _KUBERNETES,
    "agent": _KUBERNETES,
}


def _reboots(machine: Machine) -> str:
    """Tell unattended-upgrades whether and when to reboot; without a time it does at once."""
    window = own_window(machine)
    if window is None:
        return 'Unattended-Upgrade::Automatic-Reboot "false";\n'
    at = "now" if window.strategy == "instantly" else window.start
    return (
        'Unattended-Upgrade::Automatic-Reboot "true";\n'
        'Unattended-Upgrade::Automatic-Reboot-WithUsers "true";\n'
        f'Unattended-Upgrade::Automatic-Reboot-Time "{at}";\n'
    )


def _upgrades(machine: Machine) -> tuple[ManagedFile, ...]:
    return (
        ManagedFile("/etc/apt/apt.conf.d/52stardock-periodic", _PERIODIC),
        ManagedFile("/etc/apt/apt.conf.d/52stardock-upgrades", "// Written by Stardock.\n" + _reboots(machine)),
    )


def files(machine: Machine) -> tuple[ManagedFile, ...]:
    """All files that Stardock owns on such a machine before any Kubernetes is there."""
    return (sudoers(machine), *_upgrades(machine), *networkd.networks(machine), *networkd.foreign_routes(machine), *sysctl(machine))


def mirror(machine: Machine, *, path: str, keyring: str, suites: tuple[str, ...], components: str, rest: str = "") -> Mirror | None:
    """Write the mirror over the image's own sources (`path`); `rest` are further sources that stay the distribution's."""
    if machine.mirror is None:
        return None
    url = machine.mirror.rstrip("/")
    source = f"Types: deb\nURIs: {url}\nSuites: {' '.join(suites)}\nComponents: {components}\nSigned-By: {keyring}\n"
    return Mirror(
        check=f"{url}/dists/{suites[0]}/Release",
        files=(
            ManagedFile(path, f"{HEAD}{source}{rest}"),
            ManagedFile("/etc/apt/sources.list", f"{HEAD}# See {path}.\n"),
        ),
    )


def cloud_config(machine: Machine) -> dict[str, Any]:
    """With a mirror, cloud-init must not write the distribution's sources over ours."""
    sources = {"apt": {"preserve_sources_list": True}} if machine.mirror else {}
    return {"locale": "C.UTF-8", "package_update": True, "package_upgrade": False, **sources}


def first_commands(machine: Machine) -> tuple[str, ...]:
    """The network as every later boot has it, the agent, and the kernel's settings."""
    return (networkd.RELOAD, START_AGENT, *((APPLY_SYSCTL,) if sysctl(machine) else ()))


#: A system of this family; what it says itself goes before this.
system = partial(
    System,
    renderer="networkd",
    package_manager="apt",
    packages=PACKAGES,
    packages_by_role=PACKAGES_BY_ROLE,
    storage=storage.APT,
    mesh_packages=("wireguard-tools", "nftables"),
    growth="cloud-init (growpart and resize2fs), at every boot",
    reboots="unattended-upgrades, at the start of its window",
    files=files,
    proxy=proxies.apt,
    proxy_path=proxies.APT,
    cloud_config=cloud_config,
    first_commands=first_commands,
)
