"""What Stardock knows of an operating system: its image, its packages, and the files that decide how it behaves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from stardock.systems import disks, hostkeys
from stardock.systems.drbd import Drbd
from stardock.systems.managed import ManagedFile, Mirror
from stardock.systems.release import Kernel, Release
from stardock.systems.storage import Client, ClientName

if TYPE_CHECKING:  # the plan reads this package: no import back at run time
    from stardock.model.machine import Machine, Role
    from stardock.model.parts import PackageProxy


#: The file whose presence asks for a reboot, one for all systems, since kured is told one: unattended-upgrades (Debian, Ubuntu) and
#: update-engine (Flatcar) leave it, and so does transactional-update with REBOOT_METHOD=kured (openSUSE/transactional-update, Reboot.cpp;
#: its `/run/reboot-needed` is another file, with a level in it).
SENTINEL = "/var/run/reboot-required"


def nothing(_machine: Machine) -> Mapping[str, Any]:
    """No cloud-config keys of the system's own."""
    return {}


def no_commands(_machine: Machine) -> tuple[str, ...]:
    """No first-boot commands of the system's own."""
    return ()


def no_services(_machine: Machine) -> Mapping[str, bool]:
    """No service of the system's own is switched on or off."""
    return {}


def releases_kernel(release: Release, _image_name: str) -> Kernel:
    """The system has one kernel a release, whatever the image is called."""
    return release.kernel


def no_mirror(_machine: Machine) -> Mirror | None:
    """The system has no repositories, or the machine uses the system's own."""
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """An operating system. Everything that differs between systems is here, so that nobody else asks for a system's name.

    `files` is the one source of every file that first boot writes and that the stage `machines` owns afterwards: both take it from
    here, so that the first Ansible run over a fresh machine changes nothing. It is a pure function of one machine: another
    machine's edit cannot change its bytes.
    """

    name: str
    title: str  # as its makers call it

    releases: tuple[Release, ...]  # the first is what new machines get
    unrecorded: str  # the release of machines in locks that were written before releases were recorded
    kernel_of: Callable[[Release, str], Kernel] = releases_kernel  # by release and the name of the image's file
    unfit_images: Mapping[str, str] = field(default_factory=dict)  # part of an image's name -> why it never sets itself up
    content_type: str = "import"  # of the PVE datastore that holds the image
    firmware: Literal["seabios", "ovmf"] = "seabios"  # all images here start under both; seabios needs no disk for its variables
    chipset: Literal["q35", "i440fx"] = "q35"
    first_user: str  # the account that the image itself would make or has; Stardock's machines have `ssh.user`

    first_boot: Literal["cloud-init", "ignition"] = "cloud-init"
    renderer: Literal["networkd", "network-manager"]  # who configures the network
    names_interfaces: bool = True  # whether a NIC has its interface's name in the machine, too
    package_manager: Literal["apt", "transactional-update", "none"]
    packages: tuple[str, ...]  # on every machine
    packages_by_role: Mapping[Role, tuple[str, ...]]  # a role that is missing cannot be had on this system
    storage: Mapping[ClientName, Client]  # what its clients of storage are
    mesh_packages: tuple[str, ...] = ()  # WireGuard, whose module the kernel has, and nft; none: the image has them
    drbd: Drbd | None = None  # how DRBD's module comes into its kernel; None: it does not
    growth: str  # who makes the root file system as large as the disk, in words
    policy: Literal["microos", "slemicro"] | None = None  # SELinux's base policy, which enforces; None: no SELinux that does
    reboots: str  # who reboots a load balancer, in words
    answer_seconds: int = 300  # from the VM's start until SSH and the guest agent answer, on a slow line; a reboot takes no longer
    first_boot_seconds: int = 900  # from the first answer until first boot has ended

    files: Callable[[Machine], tuple[ManagedFile, ...]]
    mirror: Callable[[Machine], Mirror | None] = no_mirror
    proxy: Callable[[PackageProxy], ManagedFile] | None = None  # its package manager's; None: there is none that could be told
    proxy_path: str | None = None  # of that file
    cloud_config: Callable[[Machine], Mapping[str, Any]] = nothing  # further top-level keys of the user-data
    first_commands: Callable[[Machine], tuple[str, ...]] = no_commands  # once, at the end of the first boot, before the user's
    last_commands: Callable[[Machine], tuple[str, ...]] = no_commands  # once, after the user's
    services: Callable[[Machine], Mapping[str, bool]] = no_services  # unit -> whether it is enabled and runs
    booted_by_tests: bool = False  # else rendered and judged by real parsers only (docs/proof.md)
    advice: str | None = None  # what `runner plan` tells whoever chooses it
    masked_units: tuple[str, ...] = ()  # Ignition only

    @property
    def current(self) -> Release:
        """The release that new machines get."""
        return self.releases[0]

    def release(self, name: str) -> Release:
        """Find a release by its name in cluster.yaml; KeyError when the system has none of that name."""
        found = next((release for release in self.releases if release.name == name), None)
        if found is None:
            raise KeyError(name)
        return found

    def named_by(self, image: str) -> Release | None:
        """The release that the URL or file name of an image tells; None where it tells none."""
        return next((release for release in self.releases if any(mark in image for mark in release.marks)), None)

    @property
    def roles(self) -> tuple[Role, ...]:
        """The roles that machines of this system can have."""
        return tuple(self.packages_by_role)

    def role_packages(self, role: Role) -> tuple[str, ...]:
        """List the packages that a role needs, beside `packages`."""
        return self.packages_by_role.get(role, ())

    def storage_packages(self, clients: Iterable[ClientName]) -> tuple[str, ...]:
        """List the packages of these clients."""
        return tuple(name for client in clients for name in self.storage[client].packages)

    def storage_units(self, clients: Iterable[ClientName]) -> tuple[str, ...]:
        """List the units of these clients, which must run."""
        return tuple(name for client in clients for name in self.storage[client].units)

    def packages_of(self, machine: Machine) -> tuple[str, ...]:
        """List all packages of a machine, each once: the system's, then the machine's (its role's and the user's), then its disks'."""
        disk_packages = () if self.package_manager == "none" else disks.packages(machine)
        return tuple(dict.fromkeys((*self.packages, *machine.packages, *disk_packages)))

    def files_of(self, machine: Machine) -> tuple[ManagedFile, ...]:
        """List all files that Stardock owns on a machine: the system's, the proxy's, those of data disks, those that tell its host keys."""
        proxy = (self.proxy(machine.proxy),) if self.proxy and machine.proxy else ()
        return (*self.files(machine), *proxy, *disks.files(machine), *hostkeys.files())

    def services_of(self, machine: Machine) -> Mapping[str, bool]:
        """List all units that Stardock switches on or off: the system's, then the one that tells the host keys."""
        return {**self.services(machine), hostkeys.UNIT: True}
