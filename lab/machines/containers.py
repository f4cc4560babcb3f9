"""The hypervisor of a lab: VMs that really boot, as systemd-nspawn containers with their own systemd, network and disk."""

from __future__ import annotations

import errno
import json
import shutil
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any

from lab.commands import run
from lab.errors import LabError
from lab.machines.agent import AgentInterface, AgentSilentError, GuestAgent, ImitatedAgent
from lab.machines.cgroups import LabGroup
from lab.machines.console import log_after
from lab.machines.container import Machine
from lab.machines.disk import disk_of
from lab.machines.hypervisor import Guest, GuestError
from lab.patience import patient

#: Debian's qemu-guest-agent package brings it: a guest without it has no agent
_AGENT = "usr/sbin/qemu-ga"
#: there once the machine's sshd listens: stands for the moment in the boot when the agent would start
_BOOTED = "run/sshd.pid"
_READ_LIMIT = 16 * 1024 * 1024  # what PVE's file-read gives at most


class NspawnHypervisor:
    """Implements `lab.machines.hypervisor.Hypervisor`. Runs in the lab's namespaces, as root; `image` is the unpacked root.

    `files` are what machines see below the lab's folder: path there -> file here.
    """

    def __init__(self, directory: Path, image: Path, group: LabGroup, files: Mapping[str, Path]) -> None:
        self._folder = directory / "machines"
        self._image = image
        self._group = group
        self._files = files
        self._machines: dict[int, Machine] = {}
        self._lock = Lock()

    def start(self, guest: Guest) -> None:
        """Boot; returns once the machine runs. Raises GuestError."""
        if self.is_running(guest.vm_id):
            raise GuestError(f"VM {guest.vm_id} is already running")
        machine = Machine(guest, disk_of(guest, self._folder, self._image), self._group, self._files)
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
        """Forget the machine's disk."""
        self.stop(vm_id)
        with self._lock:
            self._machines.pop(vm_id, None)
        shutil.rmtree(self._folder / str(vm_id), ignore_errors=True)

    def resized(self, vm_id: int, drive: str, size: int) -> None:
        """A container's disk is as large as what it lies on."""

    def is_running(self, vm_id: int) -> bool:
        """Whether it runs now (a guest may have powered off by itself, or been killed)."""
        return self._running(vm_id) is not None

    def printed(self, vm_id: int, after: int | None) -> tuple[int, bytes]:
        """What its console printed beyond a position."""
        return log_after(self._folder / str(vm_id) / "console.log", after)

    def agent(self, vm_id: int) -> GuestAgent:
        """A container has no virtio channel: the agent is imitated, as far as the guest has the program and has booted."""
        return ImitatedAgent(lambda: self.interfaces(vm_id), lambda path: self.read_file(vm_id, path))

    def interfaces(self, vm_id: int) -> tuple[AgentInterface, ...]:
        """What the guest agent tells; raises AgentSilentError."""
        leader = self._leader_with_agent(vm_id)
        try:
            found = json.loads(run(["nsenter", f"--net=/proc/{leader}/ns/net", "ip", "-json", "address"]))
        except (LabError, json.JSONDecodeError) as error:
            raise AgentSilentError(str(error)) from error
        return tuple(_interface(entry) for entry in found)

    def read_file(self, vm_id: int, path: str) -> bytes:
        """The agent's file-read; raises AgentSilentError, FileNotFoundError."""
        target = ["--target", str(self._leader_with_agent(vm_id)), "--mount", "--root"]
        done = subprocess.run(
            ["nsenter", *target, "head", "-c", str(_READ_LIMIT), "--", path], capture_output=True, timeout=patient(30), check=False
        )
        if done.returncode:
            raise FileNotFoundError(errno.ENOENT, "No such file or directory", path)
        return done.stdout

    def _running(self, vm_id: int) -> Machine | None:
        with self._lock:
            machine = self._machines.get(vm_id)
        return machine if machine is not None and machine.running else None

    def _leader_with_agent(self, vm_id: int) -> int:
        machine = self._running(vm_id)
        leader = machine.leader if machine is not None else None
        if leader is not None:
            with suppress(OSError):
                root = Path(f"/proc/{leader}/root")
                if (root / _AGENT).exists() and (root / _BOOTED).exists():
                    return leader
        raise AgentSilentError(f"VM {vm_id}: QEMU guest agent is not running")


def _interface(entry: dict[str, Any]) -> AgentInterface:
    """One entry of `ip -json address`."""
    addresses = tuple((str(info["local"]), int(info["prefixlen"])) for info in entry.get("addr_info", []))
    return AgentInterface(str(entry["ifname"]), str(entry.get("address", "00:00:00:00:00:00")), addresses)
