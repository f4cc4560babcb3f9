"""The hypervisor of `machines: none`: it remembers power, and boots nothing."""

from __future__ import annotations

import errno
import json
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from lab.machines.agent import AgentInterface, AgentSilentError, GuestAgent, ImitatedAgent
from lab.machines.hypervisor import Guest, GuestError


class PowerFlags:
    """Power as flags, kept in `file` when one is given. A guest's agent is silent until `tell` says what it answers."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._running: set[int] = set(json.loads(file.read_text(encoding="utf-8"))) if file and file.exists() else set()
        self._interfaces: dict[int, tuple[AgentInterface, ...]] = {}
        self._files: dict[int, dict[str, bytes]] = {}
        self._printed: dict[int, bytes] = {}
        self.deaf: set[int] = set()  # VMs whose guest hangs: until its next start it obeys no shutdown, and its agent is silent
        self.guests: dict[int, Guest] = {}  # what each VM was last started with

    def tell(self, vm_id: int, interfaces: tuple[AgentInterface, ...], files: Mapping[str, bytes] | None = None) -> None:
        """From now on the guest's agent answers this, for as long as the VM runs."""
        self._interfaces[vm_id] = interfaces
        self._files[vm_id] = dict(files or {})

    def start(self, guest: Guest) -> None:
        """Sets the flag."""
        self.guests[guest.vm_id] = guest
        self.deaf.discard(guest.vm_id)
        self._set(guest.vm_id, running=True)

    def shutdown(self, vm_id: int, timeout: float) -> None:
        """Clears the flag. Raises GuestError after `timeout` where the guest hangs."""
        if vm_id in self.deaf:
            time.sleep(timeout)
            raise GuestError(f"VM {vm_id} is still there")
        self._set(vm_id, running=False)

    def stop(self, vm_id: int) -> None:
        """Clears the flag."""
        self._set(vm_id, running=False)

    def destroy(self, vm_id: int) -> None:
        """Forgets all about the VM."""
        self._set(vm_id, running=False)
        self._interfaces.pop(vm_id, None)
        self._files.pop(vm_id, None)
        self.guests.pop(vm_id, None)

    def resized(self, vm_id: int, drive: str, size: int) -> None:
        """Nobody sees it."""

    def is_running(self, vm_id: int) -> bool:
        """The flag."""
        return vm_id in self._running

    def print(self, vm_id: int, text: bytes) -> None:
        """The guest prints on its serial console."""
        with self._lock:
            self._printed[vm_id] = self._printed.get(vm_id, b"") + text

    def printed(self, vm_id: int, after: int | None) -> tuple[int, bytes]:
        """What `print` was given."""
        whole = self._printed.get(vm_id, b"")
        return len(whole), b"" if after is None else whole[after:]

    def agent(self, vm_id: int) -> GuestAgent:
        """One that answers what `tell` said, and nothing before that."""
        return ImitatedAgent(lambda: self.interfaces(vm_id), lambda path: self.read_file(vm_id, path))

    def interfaces(self, vm_id: int) -> tuple[AgentInterface, ...]:
        """What `tell` said. Raises AgentSilentError before that."""
        if vm_id not in self._interfaces or vm_id in self.deaf:
            raise AgentSilentError(str(vm_id))
        return self._interfaces[vm_id]

    def read_file(self, vm_id: int, path: str) -> bytes:
        """What `tell` said. Raises AgentSilentError before that, FileNotFoundError for another path."""
        self.interfaces(vm_id)
        try:
            return self._files[vm_id][path]
        except KeyError:
            raise FileNotFoundError(errno.ENOENT, "No such file or directory", path) from None

    def _set(self, vm_id: int, *, running: bool) -> None:
        with self._lock:
            (self._running.add if running else self._running.discard)(vm_id)
            if self._file:
                self._file.parent.mkdir(parents=True, exist_ok=True)
                self._file.write_text(json.dumps(sorted(self._running)), encoding="utf-8")
