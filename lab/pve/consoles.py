"""Terminals on the serial consoles of VMs: what `termproxy` begins and `vncwebsocket` carries.

As qemu-server 9.2.6 (PVE::API2::Qemu), pve-access-control 9.1 and proxmox-termproxy 2.1 have it: a ticket is of one user, one VM and one
port, and good for 40 s; a client has 10 s to come, and 10 s more to say `USER:TICKET` and a newline; then it hears `OK`, and all that
follows is what `qm terminal` prints. A token is somebody there only since qemu-server 9.1.7: before, termproxy asked /access/ticket about
it, which knows no tokens.
"""

from __future__ import annotations

import itertools
import secrets
import threading
import time
from dataclasses import dataclass, field

from lab.pve.errors import TaskError, unauthorized
from lab.pve.tasks import Log

#: Seconds that a ticket is good for, and that termproxy waits for a client.
TICKET_SECONDS = 40.0
CLIENT_SECONDS = 10.0
PORTS = range(5900, 6000)


@dataclass(slots=True)
class Terminal:
    """One termproxy. `failed`: why it ended, where that was not well."""

    vm_id: int
    serial: str
    user: str
    port: int
    ticket: str = field(default_factory=lambda: f"PVEVNC:{int(time.time()):08X}::{secrets.token_hex(32)}", repr=False)
    began: float = field(default_factory=time.monotonic)
    client: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)
    failed: str = ""

    def work(self, _log: Log) -> None:
        """The task behind it. Raises TaskError."""
        if not self.client.wait(CLIENT_SECONDS):
            self.over.set()
            raise TaskError("command '/usr/bin/termproxy' failed: failed waiting for client: timed out")
        self.over.wait()
        if self.failed:
            raise TaskError(f"command '/usr/bin/termproxy' failed: {self.failed}")


class Consoles:
    """All terminals. `typed` is what clients sent for a guest to read."""

    def __init__(self) -> None:
        self._terminals: dict[int, Terminal] = {}
        self._ports = itertools.cycle(PORTS)
        self.typed: list[str] = []

    def begin(self, vm_id: int, serial: str, user: str) -> Terminal:
        """A terminal that waits for its client."""
        terminal = Terminal(vm_id, serial, user, next(self._ports))
        self._terminals[terminal.port] = terminal
        return terminal

    def check(self, ticket: str, user: str, vm_id: int, port: int) -> None:
        """Raises PveError (401) for a ticket that is not of this user, VM and port, or too old."""
        found = self._terminals.get(port)
        is_good = found and (found.ticket, found.user, found.vm_id) == (ticket, user, vm_id)
        if not is_good or found is None or time.monotonic() - found.began > TICKET_SECONDS:
            raise unauthorized("permission denied - invalid PVEVNC ticket")

    def listening(self, port: int) -> Terminal | None:
        """The terminal that still waits for its client at that port."""
        found = self._terminals.get(port)
        return None if found is None or found.client.is_set() or found.over.is_set() else found
