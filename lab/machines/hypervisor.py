"""What the emulated PVE asks of whatever runs its VMs. `lab.machines.containers` boots real ones; `PowerFlags` only remembers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from lab.machines.agent import GuestAgent


class GuestError(Exception):
    """The guest could not be started or stopped; PVE's task fails with these words."""


@dataclass(frozen=True, slots=True)
class Nic:
    """netN of a VM. Index 0 is seen by the guest as ens18, 1 as ens19, as on PVE's default machine type."""

    index: int
    mac: str
    bridge: str
    vlan: int | None
    model: str


@dataclass(frozen=True, slots=True)
class Seed:
    """The content of the cloud-init drive as PVE builds it at each start."""

    user: bytes
    network: bytes
    meta: bytes
    vendor: bytes = b""


@dataclass(frozen=True, slots=True)
class Volume:
    """A VM's volume: bytes, a `generation` that changes when it was made anew, and the volume id that it was imported from."""

    size: int
    generation: str
    image: str = ""


@dataclass(frozen=True, slots=True)
class Guest:
    """A VM at the moment of its start. Memory in MiB, disk in bytes. `generation` changes when its disk was made anew.

    `seed_slot` is where the cloud-init drive hangs (`scsi1`); `unseen` are the keys of the configuration whose hardware the kernel on its
    disk has no driver for, for whoever boots it with another kernel.
    """

    vm_id: int
    name: str
    generation: str
    cores: int
    memory_mib: int
    disk_bytes: int
    nics: tuple[Nic, ...]
    seed: Seed | None
    config: Mapping[str, Any] = field(default_factory=dict)  # PVE's, for a machine that has all of it
    volumes: Mapping[str, Volume] = field(default_factory=dict)  # by volume id
    seed_slot: str | None = None
    unseen: frozenset[str] = frozenset()

    @property
    def seen_seed(self) -> Seed | None:
        """The seed, where the guest's kernel finds its drive."""
        return None if self.seed_slot in self.unseen else self.seed

    @property
    def seen_nics(self) -> tuple[Nic, ...]:
        """The NICs that the guest's kernel drives."""
        return tuple(nic for nic in self.nics if f"net{nic.index}" not in self.unseen)


class Hypervisor(Protocol):
    """All methods block and may be called from several threads. Each VM sees one change at a time; questions may come meanwhile."""

    def start(self, guest: Guest) -> None:
        """Boot; returns once the machine runs. Raises GuestError."""

    def shutdown(self, vm_id: int, timeout: float) -> None:
        """Ask the guest to power off and wait; raises GuestError when it has not within `timeout` seconds."""

    def stop(self, vm_id: int) -> None:
        """Cut the power."""

    def destroy(self, vm_id: int) -> None:
        """Forget the machine's disk."""

    def resized(self, vm_id: int, drive: str, size: int) -> None:
        """A drive (scsi0) has `size` bytes from now on: a machine that runs may see it. Raises GuestError."""

    def is_running(self, vm_id: int) -> bool:
        """Whether it runs now (a guest may have powered off by itself, or been killed)."""

    def printed(self, vm_id: int, after: int | None) -> tuple[int, bytes]:
        """What its serial console printed beyond a position, and the position after that; None: nothing, and the position of now."""

    def agent(self, vm_id: int) -> GuestAgent:
        """The machine's guest agent; asking it raises AgentSilentError while nobody answers there."""
