"""One machine: its power switch, and what happens when the guest itself powers off or reboots."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from lab.errors import LabError
from lab.machines import nspawn
from lab.machines.cgroups import LabGroup
from lab.machines.disk import Disk
from lab.machines.hypervisor import Guest, GuestError
from lab.network import bridges as network
from lab.patience import patient

_POWER_OFF = signal.SIGRTMIN + 4  # systemd: start poweroff.target
_LAUNCH_TIMEOUT = 20.0
_KILL_TIMEOUT = 10.0


class Machine:
    """A started VM. Made by `start`, over when `running` turns false; a guest's own reboot does not end it."""

    def __init__(self, guest: Guest, disk: Disk, group: LabGroup, files: Mapping[str, Path]) -> None:
        self.guest = guest
        self._files = files
        self._disk = disk
        self._group = group
        self._cut = threading.Event()
        self._ended = threading.Event()
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Boots; returns once the guest's init runs. Raises GuestError with nspawn's words."""
        try:
            self._disk.mount()
            self._disk.write_seed(self.guest.seen_seed)
            self._boot()
            self._await(lambda: self.leader is not None, patient(_LAUNCH_TIMEOUT), "its init did not start")
        except (LabError, OSError) as error:
            self._clean_up()
            raise GuestError(str(error)) from error
        threading.Thread(target=self._watch, name=f"vm{self.guest.vm_id}", daemon=True).start()

    @property
    def running(self) -> bool:
        """Whether the VM is on: also while its guest reboots."""
        return not self._ended.is_set()

    @property
    def leader(self) -> int | None:
        """The pid of the guest's init, in the lab's pid namespace; None while there is none."""
        if self._process is None or self._process.poll() is not None:
            return None
        pid = self._process.pid
        with suppress(OSError, ValueError):
            words = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            return next((int(word) for word in words if _is_init(int(word))), None)
        return None

    def shutdown(self, timeout: float) -> None:
        """Asks the guest's systemd to power off, again each second: early in its boot it does not hear. Raises GuestError."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if (leader := self.leader) is not None:
                with suppress(ProcessLookupError):
                    os.kill(leader, _POWER_OFF)
            if self._ended.wait(min(1.0, max(0.0, deadline - time.monotonic()))):
                return
        raise GuestError(f"VM {self.guest.vm_id} has not powered off within {timeout:g} s")

    def stop(self) -> None:
        """Cuts the power. The NICs go first: the kernel, which lives on, would end the guest's connections as it ends the processes."""
        self._cut.set()
        for nic in self.guest.seen_nics:
            network.detach(self.guest.vm_id, nic)
        for pid in (self.leader, self._process.pid if self._process else None):
            if pid is not None and self.running:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                if self._ended.wait(patient(_KILL_TIMEOUT)):
                    return
        if self.running:
            raise GuestError(f"VM {self.guest.vm_id} survived SIGKILL for {2 * patient(_KILL_TIMEOUT):g} s")

    def _boot(self) -> None:
        """One boot: namespace and cgroups first, then the NICs, then nspawn. Raises LabError."""
        console = self._disk.folder.parent / "console.log"
        self._group.remove(str(self.guest.vm_id))  # each container of the last boot whose cgroup is left costs a kubelet 3 s
        procs = self._group.create(str(self.guest.vm_id), self.guest.memory_mib)
        argv = nspawn.launcher(procs, nspawn.command(self.guest, self._disk.root, self._files))
        pipe = subprocess.PIPE
        process = subprocess.Popen(argv, stdin=pipe, stdout=pipe, text=True, env=nspawn.environment(console), start_new_session=True)
        self._process = process
        if process.stdin is None or process.stdout is None:
            raise LabError("a pipe is missing")
        with process.stdin as to_launcher, process.stdout as from_launcher:
            if from_launcher.readline() != "ready\n":
                raise LabError(f"VM {self.guest.vm_id} could not enter its namespaces and cgroups")
            for nic in self.guest.seen_nics:
                network.attach(self.guest.vm_id, nic, process.pid)
            to_launcher.write("go\n")

    def _watch(self) -> None:
        """Waits for the guest's end; boots again when it only rebooted."""
        while self._process is not None and self._process.wait() == nspawn.REBOOT and not self._cut.is_set():
            try:
                self._boot()
            except (LabError, OSError) as error:
                sys.stderr.write(f"VM {self.guest.vm_id} rebooted, and stays off: {error}\n")
                break
        self._clean_up()

    def _clean_up(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        with suppress(LabError):
            self._disk.unmount()
        self._group.remove(str(self.guest.vm_id))
        self._ended.set()

    def _await(self, condition: Callable[[], bool], timeout: float, otherwise: str) -> None:
        deadline = time.monotonic() + timeout
        while not condition():
            if self._process is None or self._process.poll() is not None or time.monotonic() > deadline:
                raise LabError(f"VM {self.guest.vm_id}: {otherwise}: {self._last_words()}")
            time.sleep(0.02)

    def _last_words(self) -> str:
        with suppress(OSError):
            return " | ".join((self._disk.folder.parent / "console.log").read_text(errors="replace").strip().splitlines()[-3:])
        return "it wrote nothing"


def _is_init(pid: int) -> bool:
    """Whether a child of nspawn is the container's pid 1: the last of its pids, one per nested namespace."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("NSpid:"):
                return line.split()[-1] == "1"
    return False
