"""What Stardock knows of an operating system: its image, its packages, and the files that decide how it behaves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # the plan reads this package: no import back at run time
    from stardock.plan.model import Machine, Role


@dataclass(frozen=True, slots=True)
class ManagedFile:
    """A file on a machine, whole. `mode` is four octal digits, `content` ends with a newline; the owner is root."""

    path: str
    content: str
    mode: str = "0644"


def nothing(_machine: Machine) -> Mapping[str, Any]:
    """No cloud-config keys of the system's own."""
    return {}


def no_commands(_machine: Machine) -> tuple[str, ...]:
    """No first-boot commands of the system's own."""
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """An operating system. Everything that differs between systems is here, so that nobody else asks for a system's name.

    `files` is the one source of every file that first boot writes and that the stage `machines` owns afterwards: both take it from
    here, so that the first Ansible run over a fresh machine changes nothing. It is a pure function of one machine: another
    machine's edit cannot change its bytes.
    """

    name: str
    image_url: str
    image_file_name: str  # as PVE stores it; content type `import` wants .qcow2, .raw or .vmdk
    image_checksum: str | None = None  # None: the default image moves; a user who pins one gives url and checksum
    checksum_url: str | None = None  # the publisher's file of checksums, for `runner image pin`
    packages: tuple[str, ...]  # on every machine
    packages_by_role: Mapping[Role, tuple[str, ...]]
    renderer: str  # what cloud-init writes network configuration for: networkd, network-manager
    files: Callable[[Machine], tuple[ManagedFile, ...]]
    cloud_config: Callable[[Machine], Mapping[str, Any]] = nothing  # further top-level keys of the user-data
    boot_commands: Callable[[Machine], tuple[str, ...]] = no_commands  # early, at every boot
    first_commands: Callable[[Machine], tuple[str, ...]] = no_commands  # once, at the end of the first boot
    has_roles: bool  # whether `runner bootstrap` can work on it; `runner plan` warns when not

    def role_packages(self, role: Role) -> tuple[str, ...]:
        """List the packages that a role needs, beside `packages`."""
        return self.packages_by_role[role]

    def packages_of(self, machine: Machine) -> tuple[str, ...]:
        """List all packages of a machine, each once: the system's, then the machine's (its role's and the user's)."""
        return tuple(dict.fromkeys((*self.packages, *machine.packages)))
