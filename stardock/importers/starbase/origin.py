"""All that was read of one starbase cluster, and what follows from several of its values at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address

from stardock.importers.source import Source
from stardock.importers.starbase.machines import StarbaseVm, is_static, network_of
from stardock.importers.starbase.variables import ROLES, Ansible, NetworkConfig, NetworkDevice, Terraform

#: PVE's net0 is ens18 in the guest of a machine of type i440fx, which all of starbase's are.
_SLOT = re.compile(r"ens(\d+)")
_FIRST_SLOT = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Nic:
    """One NIC from both sides: as PVE has it, and as the guest configures it (None: not at all). `at` and `guest_at` are list positions."""

    name: str
    device: NetworkDevice
    at: int
    guest: NetworkConfig | None = None
    guest_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The two files and the VMs that come of them."""

    terraform: Source[Terraform]
    ansible: Source[Ansible]
    machines: tuple[StarbaseVm, ...]

    def of(self, role: str) -> tuple[StarbaseVm, ...]:
        """The VMs of a role (starbase's word)."""
        return tuple(machine for machine in self.machines if machine.role == role)

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles that have machines (starbase's words)."""
        return tuple(role for role in ROLES if self.of(role))

    def nics(self, role: str) -> tuple[Nic, ...]:
        """The NICs of a role in PVE's order; a configuration finds its NIC by the slot in its name, else by its place in the list."""
        devices = self.terraform.values.hardware_of(role).network_devices
        guests = {_slot(nic.interface, place): (nic, place) for place, nic in enumerate(self.terraform.values.network_of(role))}
        return tuple(_nic(device, at, guests.get(at)) for at, device in enumerate(devices))

    def homeless(self, role: str) -> Iterator[tuple[int, NetworkConfig]]:
        """Configurations of NICs that no VM of the role has, with their place in the list."""
        count = len(self.terraform.values.hardware_of(role).network_devices)
        for place, nic in enumerate(self.terraform.values.network_of(role)):
            if _slot(nic.interface, place) >= count:
                yield place, nic

    @property
    def owners(self) -> dict[IPv4Address, StarbaseVm]:
        """Whose each static address is."""
        return {IPv4Address(address): machine for machine in self.machines for address in machine.addresses.values()}

    def gateway(self, nic: NetworkConfig) -> IPv4Address | None:
        """The gateway of a NIC where it can be one: of the subnet, and no machine's own address."""
        usable = is_static(nic) and nic.gateway is not None and nic.gateway in network_of(nic) and nic.gateway not in self.owners
        return nic.gateway if usable else None


def _slot(name: str, place: int) -> int:
    found = _SLOT.fullmatch(name)
    return int(found[1]) - _FIRST_SLOT if found and int(found[1]) >= _FIRST_SLOT else place


def _nic(device: NetworkDevice, at: int, guest: tuple[NetworkConfig, int] | None) -> Nic:
    if guest is None:
        return Nic(name=f"ens{_FIRST_SLOT + at}", device=device, at=at)
    return Nic(name=guest[0].interface, device=device, at=at, guest=guest[0], guest_at=guest[1])
