"""Ansible's own ssh, for machines that nobody trusts: one that sends without an end is ended, and does not fill the controller's memory.

ansible.builtin.ssh gathers what a command prints until the command ends (ansible-core 2.19, plugins/connection/ssh.py, `_bare_run`), and
of each byte ansible-runner makes eighteen. Each task has a process of its own, so that its address space can be bounded here.
"""

from __future__ import annotations

import contextlib
import resource
from collections.abc import Iterator
from pathlib import Path

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.connection import ssh

# The options are those of ansible.builtin.ssh. Imported, not assigned: Ansible parses an assignment without running it.
from ansible.plugins.connection.ssh import DOCUMENTATION

__all__ = ["DOCUMENTATION", "Connection"]

#: The most that a command may print; a module's difference of all files has some hundred kB.
MOST_BYTES = 4 * 1024 * 1024
#: What reading may take beside what the process has by then.
_ROOM_BYTES = 32 * 1024 * 1024


class Connection(ssh.Connection):
    """`ansible.builtin.ssh` with an end."""

    transport = "stardock.machine.ssh"

    def _bare_run(self, cmd: list[bytes], in_data: bytes | None, sudoable: bool = True, checkrc: bool = True) -> tuple[int, bytes, bytes]:
        """As there, for commands and for files. `AnsibleConnectionFailure` for a machine that sends more than `MOST_BYTES`."""
        try:
            with _bounded():
                code, out, err = super()._bare_run(cmd, in_data, sudoable, checkrc)
        except MemoryError:
            raise self._endless() from None
        if len(out) + len(err) > MOST_BYTES:
            raise self._endless()
        return code, out, err

    def _endless(self) -> AnsibleConnectionFailure:
        return AnsibleConnectionFailure(f"{self.host} sends more than {MOST_BYTES >> 20} MiB in answer to one command: it was ended")


@contextlib.contextmanager
def _bounded() -> Iterator[None]:
    """Bound this process and what it starts to some room more than it has; where the system does not tell what it has, not at all."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except (OSError, ValueError):
        yield
        return
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + _ROOM_BYTES, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
