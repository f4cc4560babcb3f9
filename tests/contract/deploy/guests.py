"""Guests for the emulated PVE that talk and are not there."""

from __future__ import annotations

import base64
import hashlib

from lab.machines.agent import AgentInterface
from lab.machines.hypervisor import Guest
from lab.pve import PowerFlags
from stardock.estate.agent import COPIED_KEYS


def host_key(seed: str) -> str:
    """A public key that is one, as far as its shape goes."""
    strings = (b"ssh-ed25519", hashlib.sha256(seed.encode()).digest())
    return f"ssh-ed25519 {base64.b64encode(b''.join(len(one).to_bytes(4) + one for one in strings)).decode()}"


class TalkingGuests(PowerFlags):
    """Guests that boot at once: from its start a guest's agent tells its addresses and a host key that belongs to its disk.

    One whose kernel does not see its seed has neither agent nor address, unless an earlier start has set it up.
    """

    def __init__(self) -> None:
        super().__init__()
        self.addresses: dict[str, str] = {}  # by MAC
        self.starts: list[tuple[int, str]] = []  # VM id and disk generation, in order
        self._set_up: set[str] = set()  # generations of disks whose first boot found its seed
        self.marks: dict[int, bytes] = {}  # what bootstrap left in /etc/stardock/founded, by VM id
        self.files: dict[int, dict[str, bytes]] = {}  # what first boot left, by VM id and path

    def start(self, guest: Guest) -> None:
        super().start(guest)
        if guest.seen_seed is None and guest.generation not in self._set_up:
            return
        self._set_up.add(guest.generation)
        self.starts.append((guest.vm_id, guest.generation))
        nics = tuple(
            AgentInterface(f"ens{18 + nic.index}", nic.mac.lower(), ((self.addresses[nic.mac.upper()], 24),)) for nic in guest.seen_nics
        )
        key = f"{host_key(guest.generation)} root@x\n".encode()
        # Stardock's first boot leaves a copy where SELinux lets the agent read it; another's seed does not.
        copied = guest.seed is not None and b"/etc/stardock/host-keys.sh" in guest.seed.user
        self.tell(guest.vm_id, nics, dict.fromkeys(("/etc/ssh/ssh_host_ed25519_key.pub", *((COPIED_KEYS,) if copied else ())), key))

    def read_file(self, vm_id: int, path: str) -> bytes:
        if path == "/etc/stardock/founded" and vm_id in self.marks:
            return self.marks[vm_id]
        found = self.files.get(vm_id, {}).get(path)
        return super().read_file(vm_id, path) if found is None else found
