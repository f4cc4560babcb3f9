"""A lab without PVE, and hand-written seeds, for tests of the machines alone."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lab import holder
from lab.machines.cgroups import LabGroup
from lab.machines.hypervisor import Guest, Hypervisor, Nic, Seed
from lab.patience import patient
from lab.settings import LabSettings, Network, PveNode
from tests.lab.driver import connect
from tests.waiting import until

ROOT = Path(__file__).parents[2]
DRIVER = "tests.lab.driver"


@cache
def _proxy(directory: Path) -> Hypervisor:
    return connect(directory)


@dataclass(frozen=True)
class SmallLab:
    """`directory` is the lab's own; `key` opens its machines."""

    directory: Path
    key: Path

    @property
    def hypervisor(self) -> Hypervisor:
        """One proxy, which gives each thread a connection of its own: that of a second one would go when the first is collected."""
        return _proxy(self.directory)

    def inside(self, *command: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*holder.enter(self.directory), *command], capture_output=True, text=True, timeout=patient(timeout), check=False
        )

    def ssh(self, address: str, *command: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        options = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR", "ConnectTimeout=3"]
        words = [word for option in options for word in ("-o", option)]
        return self.inside("ssh", "-i", str(self.key), *words, f"ops@{address}", *command, timeout=timeout)

    def said(self, address: str, *command: str) -> str:
        """What a command in a machine prints; it must succeed."""
        done = self.ssh(address, *command)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout.strip()

    def start(self, guest: Guest, address: str) -> None:
        """Switches a machine on; returns when its sshd lets us in."""
        self.begin(guest)
        self.await_ssh(address)

    def begin(self, guest: Guest) -> None:
        """Switches a machine on; for who waits by something else than its sshd."""
        self.hypervisor.start(guest)

    def reboot(self, address: str) -> None:
        """From inside; returns when the sshd of its next boot lets us in."""
        before = self.boot(address)
        assert before
        self.ssh(address, "sudo", "systemctl", "reboot")
        until(lambda: self.boot(address) not in {"", before}, f"{address} to boot again", 120)

    def boot(self, address: str) -> str:
        """The kernel's name of a machine's boot; empty while ssh does not answer."""
        return self.ssh(address, "cat", "/proc/sys/kernel/random/boot_id").stdout.strip()

    def await_ssh(self, address: str) -> None:
        until(lambda: self.ssh(address, "true").returncode == 0, f"ssh to {address}", 120, lambda: self.ssh(address, "true").stderr)

    def await_network(self, address: str) -> None:
        """Until a machine has this address: in the middle of its boot, long before ssh."""
        closed = ("timeout", "1", "bash", "-c", f"</dev/tcp/{address}/1")
        until(lambda: "Connection refused" in self.inside(*closed).stderr, f"a machine at {address}")

    @property
    def groups(self) -> LabGroup:
        return LabGroup(holder.lab_id(self.directory))


@contextmanager
def small_lab(folder: Path, name: str = "small") -> Iterator[SmallLab]:
    """A lab with one bridge, 192.168.1.0/24 with DHCP, and VLAN 20, 10.20.0.0/24; ended and checked for remains afterwards."""
    lab = SmallLab(folder / name, folder / f"{name}.key")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(lab.key)], check=True)
    networks = (
        Network("vmbr0", "192.168.1.1/24", dhcp_range=("192.168.1.200", "192.168.1.250")),
        Network("vmbr0", "10.20.0.1/24", vlan=20),
    )
    before, os.environ["PYTHONPATH"] = os.environ.get("PYTHONPATH", ""), str(ROOT)
    try:
        holder.up(LabSettings(name, str(lab.directory), (PveNode("pve1", "127.0.1.1"),), networks), world=DRIVER)
    finally:
        os.environ["PYTHONPATH"] = before
    try:
        yield lab
    finally:
        holder.down(lab.directory)


def guest(lab: SmallLab, number: int, *interfaces: str, memory_mib: int = 1024) -> Guest:
    """VM 100+number, `interfaces` as in `static` and `dhcp`; its first NIC on vmbr0, a second on VLAN 20."""
    nics = tuple(Nic(index, mac(number, index), "vmbr0", 20 if index else None, "virtio") for index in range(len(interfaces)))
    cards = [
        f"  - {{type: physical, name: ens{18 + nic.index}, mac_address: '{nic.mac.lower()}', subnets: [{subnet}]}}\n"
        for nic, subnet in zip(nics, interfaces, strict=True)
    ]
    network = "version: 1\nconfig:\n" + "".join(cards)
    meta = f"instance-id: small-m{number}\nlocal-hostname: m{number}\n"
    seed = Seed(user_data(lab, number).encode(), network.encode(), meta.encode())
    return Guest(100 + number, f"m{number}", "disk1", 1, memory_mib, 10 * 2**30, nics, seed)


def user_data(lab: SmallLab, number: int) -> str:
    key = lab.key.with_suffix(".key.pub").read_text().strip()
    return f"""#cloud-config
hostname: m{number}
ssh_genkeytypes: [ed25519]
users:
  - {{name: ops, shell: /bin/bash, sudo: "ALL=(ALL) NOPASSWD:ALL", ssh_authorized_keys: ["{key}"]}}
runcmd:
  - [sh, -c, "echo ran >> /var/lib/ran"]
"""


def mac(number: int, index: int) -> str:
    return f"BC:24:11:00:{number:02X}:{index:02X}"


def static(address: str, gateway: str | None = "192.168.1.1") -> str:
    way = f", gateway: {gateway}" if gateway else ""
    return f"{{type: static, address: {address}/24{way}}}"


DHCP = "{type: dhcp4}"
