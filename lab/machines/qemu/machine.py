"""One VM in QEMU: its power switch. What the guest does itself (power off, reboot) happens inside of QEMU, as on PVE."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Lock

from lab.errors import LabError
from lab.machines.agent import AgentError, AgentSilentError, AgentTimeoutError
from lab.machines.hypervisor import Guest, GuestError
from lab.machines.qemu import command
from lab.machines.qemu.channel import ChannelAgent
from lab.machines.qemu.monitor import monitor
from lab.machines.qemu.volumes import Volumes, firmware
from lab.network import bridges as network

QEMU = "qemu-system-x86_64"
#: Sockets are in the lab's own /run: a path below the checkout may be too long for one.
SOCKETS = Path("/run/qemu-server")
_LAUNCH_TIMEOUT = 30.0
_KILL_TIMEOUT = 20.0


class QemuMachine:
    """A started VM. Made by `start`, over when `running` turns false; a guest's own reboot does not end it."""

    def __init__(self, guest: Guest, volumes: Volumes, tools: Path | None) -> None:
        self.guest = guest
        self._volumes = volumes
        self._tools = tools
        self._ended = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self.agent = ChannelAgent(SOCKETS / str(guest.vm_id) / "qga", Lock())

    @property
    def _sockets(self) -> Path:
        return SOCKETS / str(self.guest.vm_id)

    def start(self) -> None:
        """Returns once QEMU runs the VM. Raises GuestError with its words."""
        try:
            self._launch()
            self._await_monitor()
        except (LabError, OSError) as error:
            self._clean_up()
            raise GuestError(str(error)) from error
        threading.Thread(target=self._watch, name=f"vm{self.guest.vm_id}", daemon=True).start()

    @property
    def running(self) -> bool:
        """Whether the VM is on: also while its guest reboots."""
        return not self._ended.is_set()

    def shutdown(self, timeout: float) -> None:
        """Asks the guest's agent where one answers, else presses the power button, as PVE does. Raises GuestError."""
        try:
            self._ask_to_end()
        except (OSError, ValueError) as error:
            raise GuestError(f"VM {self.guest.vm_id} cannot be asked to power off: {error}") from error
        if not self._ended.wait(timeout):
            raise GuestError(f"VM {self.guest.vm_id} has not powered off within {timeout:g} s")

    def stop(self) -> None:
        """Cuts the power."""
        if self._process is not None:
            self._process.kill()
        if not self._ended.wait(_KILL_TIMEOUT):
            raise GuestError(f"VM {self.guest.vm_id} survived SIGKILL for {_KILL_TIMEOUT:g} s")

    def resize(self, drive: str, size: int) -> None:
        """The guest sees the larger disk at once, as PVE's block_resize does it. Raises GuestError."""
        try:
            monitor(self._sockets / "qmp", "block_resize", **{"node-name": f"drive-{drive}", "size": size})
        except (OSError, ValueError) as error:
            raise GuestError(f"VM {self.guest.vm_id}: {drive}: {error}") from error

    def _ask_to_end(self) -> None:
        if command.has_agent(self.guest.config):
            with suppress(AgentSilentError, AgentTimeoutError, AgentError):
                self.agent.execute("guest-ping", {})
                with suppress(AgentSilentError, AgentTimeoutError):  # it may be gone before it has answered
                    self.agent.execute("guest-shutdown", {})
                return
        monitor(self._sockets / "qmp", "system_powerdown")

    def _launch(self) -> None:
        if why := command.refuse(self.guest.config):
            raise LabError(why)
        files = self._volumes.prepare(self.guest)
        place = command.Place(self._sockets, self._volumes.folder / "console.log", files, firmware(self.guest, files), self._tools)
        self._sockets.mkdir(parents=True, exist_ok=True)
        for socket in self._sockets.iterdir():
            socket.unlink()
        taps = command.taps(self.guest.vm_id, self.guest.config)
        for nic in self.guest.nics:
            network.attach_tap(nic, taps[nic.index], multi_queue="queues=" in str(self.guest.config[f"net{nic.index}"]))
        argv = [QEMU, *command.arguments(self.guest.vm_id, self.guest.config, place)]
        with (self._volumes.folder / "qemu.log").open("ab") as log:
            log.write(("\n".join(argv) + "\n").encode())
            log.flush()
            self._process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)

    def _await_monitor(self) -> None:
        deadline = time.monotonic() + _LAUNCH_TIMEOUT
        while not _answers(lambda: monitor(self._sockets / "qmp", "query-status")):
            if self._process is None or self._process.poll() is not None or time.monotonic() > deadline:
                words = (self._volumes.folder / "qemu.log").read_text(errors="replace").strip().splitlines()[-3:]
                raise LabError(f"VM {self.guest.vm_id}: QEMU did not start: {' | '.join(words)}")
            time.sleep(0.1)

    def _watch(self) -> None:
        if self._process is not None:
            self._process.wait()
        self._clean_up()

    def _clean_up(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        for tap in command.taps(self.guest.vm_id, self.guest.config).values():
            network.take_away(tap)
        self._ended.set()


def _answers(ask: Callable[[], object]) -> bool:
    try:
        ask()
    except (OSError, ValueError):
        return False
    return True
