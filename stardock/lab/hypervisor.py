"""What the emulated PVE asks of whatever runs its VMs. `stardock.lab.machines` boots real ones; `PowerFlags` only remembers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class GuestError(Exception):
    """The guest could not be started or stopped; PVE's task fails with these words."""


class AgentSilentError(Exception):
    """No guest agent answers in this machine (yet): PVE says 'QEMU guest agent is not running'."""


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
    vendor: bytes | None = None


@dataclass(frozen=True, slots=True)
class Guest:
    """A VM at the moment of its start. Memory in MiB, disk in bytes. `generation` changes when its disk was made anew."""

    vm_id: int
    name: str
    generation: str
    cores: int
    memory_mib: int
    disk_bytes: int
    nics: tuple[Nic, ...]
    seed: Seed | None


@dataclass(frozen=True, slots=True)
class AgentInterface:
    """One entry of the guest agent's network-get-interfaces."""

    name: str
    mac: str
    addresses: tuple[tuple[str, int], ...]  # address, prefix length


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

    def is_running(self, vm_id: int) -> bool:
        """Whether it runs now (a guest may have powered off by itself, or been killed)."""

    def interfaces(self, vm_id: int) -> tuple[AgentInterface, ...]:
        """What the guest agent tells; raises AgentSilentError."""

    def read_file(self, vm_id: int, path: str) -> bytes:
        """The agent's file-read; raises AgentSilentError, FileNotFoundError."""
