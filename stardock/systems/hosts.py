"""What Stardock owns on hosts that exist already, by profile: what Kubernetes needs there, and nothing that decides how the host runs.

Its network, time, updates, name and first account are its owner's. The one thing said of updates is that none reboots the host: that
would take its pods away undrained.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from stardock.systems import networkd, proxies, storage
from stardock.systems.managed import ManagedFile
from stardock.systems.shared import network_manager, sudoers, sysctl
from stardock.systems.storage import Client, ClientName

if TYPE_CHECKING:
    from stardock.model.host import Host
    from stardock.model.parts import PackageProxy

#: A file of its own: a host may be a machine of another cluster of ours, whose rules let in whoever enters it.
SUDOERS = "/etc/sudoers.d/stardock-hosts"
#: Read after the packages' own 50unattended-upgrades, and nothing where that is not installed.
_UPGRADES = ManagedFile(
    "/etc/apt/apt.conf.d/52stardock-upgrades", '// Written by Stardock.\nUnattended-Upgrade::Automatic-Reboot "false";\n'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A family of systems on hosts. Fields that `System` has as well are the same."""

    name: str
    title: str
    ids: tuple[str, ...]  # in os-release, ID or ID_LIKE; none: any will do
    package_manager: Literal["apt", "none"] = "none"
    packages: tuple[str, ...] = ()
    storage: Mapping[ClientName, Client] = field(default_factory=dict)
    mesh_packages: tuple[str, ...] = ()
    files: Callable[[Host], tuple[ManagedFile, ...]]
    proxy: Callable[[PackageProxy], ManagedFile] | None = None
    proxy_path: str | None = None

    def files_of(self, host: Host) -> tuple[ManagedFile, ...]:
        """List all files that Stardock owns on a host."""
        proxy = (self.proxy(host.proxy),) if self.proxy and host.proxy else ()
        return (*self.files(host), *proxy)

    def packages_of(self, host: Host) -> tuple[str, ...]:
        """List all packages of a host, each once."""
        return tuple(dict.fromkeys((*self.packages, *host.packages)))

    def storage_packages(self, clients: Iterable[ClientName]) -> tuple[str, ...]:
        """List the packages of these clients; none where packages are the owner's."""
        return tuple(name for client in clients for name in self.storage.get(client, Client()).packages)

    def storage_units(self, clients: Iterable[ClientName]) -> tuple[str, ...]:
        """List the units of these clients, which must run."""
        return tuple(name for client in clients for name in self.storage.get(client, Client()).units)


def _kubernetes(host: Host) -> tuple[ManagedFile, ...]:
    """Whichever of the two configures its network: a file of the other one's says nothing to anybody."""
    return (sudoers(host, SUDOERS), *sysctl(host), *networkd.foreign_routes(host), *network_manager(host))


def _apt(host: Host) -> tuple[ManagedFile, ...]:
    return (*_kubernetes(host), _UPGRADES)


#: Ansible wants the first; containerd loads profiles with the last but one, canal and flannel speak iptables.
_PACKAGES = ("python3", "ca-certificates", "sudo", "apparmor", "iptables")

PROFILES: dict[str, Profile] = {
    each.name: each
    for each in (
        Profile(
            name="debian",
            title="Debian",
            ids=("debian", "raspbian"),
            package_manager="apt",
            packages=_PACKAGES,
            storage=storage.APT,
            mesh_packages=("wireguard-tools", "nftables"),
            files=_apt,
            proxy=proxies.apt,
            proxy_path=proxies.APT,
        ),
        Profile(
            name="ubuntu",
            title="Ubuntu",
            ids=("ubuntu",),
            package_manager="apt",
            packages=_PACKAGES,
            storage=storage.APT,
            mesh_packages=("wireguard-tools", "nftables"),
            files=_apt,
            proxy=proxies.apt,
            proxy_path=proxies.APT,
        ),
        Profile(name="other", title="another system", ids=(), files=_kubernetes),
    )
}


def profile(name: str) -> Profile:
    """Find the profile of that name; KeyError when there is none."""
    return PROFILES[name]
