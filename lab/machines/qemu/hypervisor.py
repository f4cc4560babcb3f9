"""VMs in QEMU beside containers: which machine is which, by the names that `runner lab up --vm` was given."""

from __future__ import annotations

import shutil
from pathlib import Path
from threading import Lock

from lab.machines.agent import AgentSilentError, GuestAgent
from lab.machines.console import log_after
from lab.machines.hypervisor import Guest, GuestError, Hypervisor
from lab.machines.qemu.machine import QemuMachine
from lab.machines.qemu.volumes import Volumes
from lab.settings import LabSettings


class QemuHypervisor:
    """Implements `lab.machines.hypervisor.Hypervisor`. Runs in the lab's namespaces, as root."""

    def __init__(self, settings: LabSettings) -> None:
        self._folder = Path(settings.directory) / "machines"
        self._images = dict(settings.vm_images)
        self._tools = Path(settings.vm_tools) if settings.vm_tools else None
        self._machines: dict[int, QemuMachine] = {}
        self._lock = Lock()

    def start(self, guest: Guest) -> None:
        """Boot; returns once the machine runs. Raises GuestError."""
        if self.is_running(guest.vm_id):
            raise GuestError(f"VM {guest.vm_id} is already running")
        machine = QemuMachine(guest, Volumes(self._folder / str(guest.vm_id), self._images), self._tools)
        machine.start()
        with self._lock:
            self._machines[guest.vm_id] = machine

    def shutdown(self, vm_id: int, timeout: float) -> None:
        """Ask the guest to power off and wait; raises GuestError when it has not within `timeout` seconds."""
        if (machine := self._running(vm_id)) is not None:
            machine.shutdown(timeout)

    def stop(self, vm_id: int) -> None:
        """Cut the power."""
        if (machine := self._running(vm_id)) is not None:
            machine.stop()

    def destroy(self, vm_id: int) -> None:
        """Forget the machine's disks."""
        self.stop(vm_id)
        with self._lock:
            self._machines.pop(vm_id, None)
        shutil.rmtree(self._folder / str(vm_id), ignore_errors=True)

    def resized(self, vm_id: int, drive: str, size: int) -> None:
        """A running guest sees it at once; another one at its next start. Raises GuestError."""
        if (machine := self._running(vm_id)) is not None:
            machine.resize(drive, size)

    def is_running(self, vm_id: int) -> bool:
        """Whether it runs now (a guest may have powered off by itself, or been killed)."""
        return self._running(vm_id) is not None

    def printed(self, vm_id: int, after: int | None) -> tuple[int, bytes]:
        """What its serial console printed beyond a position."""
        return log_after(self._folder / str(vm_id) / "console.log", after)

    def agent(self, vm_id: int) -> GuestAgent:
        """The guest's own."""
        machine = self._running(vm_id)
        if machine is None:
            raise AgentSilentError(f"VM {vm_id} is not running")
        return machine.agent

    def _running(self, vm_id: int) -> QemuMachine | None:
        with self._lock:
            machine = self._machines.get(vm_id)
        return machine if machine is not None and machine.running else None


class MixedHypervisor:
    """Implements it too: `vms` are the names of those that run in QEMU, all others are containers."""

    def __init__(self, containers: Hypervisor, qemu: QemuHypervisor, vms: frozenset[str]) -> None:
        self._containers = containers
        self._qemu = qemu
        self._vms = vms

    def start(self, guest: Guest) -> None:
        """Boot; returns once the machine runs. Raises GuestError."""
        (self._qemu if guest.name in self._vms else self._containers).start(guest)

    def shutdown(self, vm_id: int, timeout: float) -> None:
        """Ask the guest to power off and wait; raises GuestError when it has not within `timeout` seconds."""
        self._of(vm_id).shutdown(vm_id, timeout)

    def stop(self, vm_id: int) -> None:
        """Cut the power."""
        self._of(vm_id).stop(vm_id)

    def destroy(self, vm_id: int) -> None:
        """Forget the machine's disks, whichever kind it was."""
        self._qemu.destroy(vm_id)
        self._containers.destroy(vm_id)

    def resized(self, vm_id: int, drive: str, size: int) -> None:
        """A drive has `size` bytes from now on."""
        self._of(vm_id).resized(vm_id, drive, size)

    def is_running(self, vm_id: int) -> bool:
        """Whether it runs now."""
        return self._of(vm_id).is_running(vm_id)

    def printed(self, vm_id: int, after: int | None) -> tuple[int, bytes]:
        """What its serial console printed beyond a position."""
        return self._of(vm_id).printed(vm_id, after)

    def agent(self, vm_id: int) -> GuestAgent:
        """The machine's guest agent."""
        return self._of(vm_id).agent(vm_id)

    def _of(self, vm_id: int) -> Hypervisor:
        return self._qemu if self._qemu.is_running(vm_id) else self._containers
