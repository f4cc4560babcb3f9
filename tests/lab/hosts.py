"""Booted machines of a lab without a PVE, reached by ssh from inside of its network: what tests of the stand-in need."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from lab import holder
from lab.machines.hypervisor import Guest, Nic, Seed
from lab.patience import patient
from lab.settings import LabSettings, Network, Nodes
from tests.lab import driver
from tests.lab.standin.processes import until

KUBECTL = f"/var/lib/rancher/rke2/bin/kubectl --kubeconfig /etc/rancher/rke2/rke2.yaml --request-timeout={patient(5):g}s"
USER = """\
#cloud-config
hostname: {name}
locale: C.UTF-8
disable_root: false
ssh_genkeytypes: [ed25519]
users: [{{name: root, ssh_authorized_keys: ["{key}"]}}]
"""
_NIC = "  ens{number}: {{addresses: [{addresses}], dhcp4: false, accept-ra: false{more}}}\n"


class Host:
    """A booted machine, reached by ssh from inside of the lab's network."""

    def __init__(self, folder: Path, address: str) -> None:
        self.address = address
        options = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR", "ConnectTimeout=3"]
        flags = [word for option in options for word in ("-o", option)]
        self._ssh = [*holder.enter(folder / "lab"), "ssh", "-i", str(folder / "key"), *flags, f"root@{address}"]

    def run(self, command: str, given: bytes | None = None) -> tuple[int, str]:
        """Exit code and output of a command."""
        done = subprocess.run([*self._ssh, command], input=given, capture_output=True, check=False, timeout=patient(120))
        return done.returncode, (done.stdout + done.stderr).decode()

    def answers(self, command: str) -> bool:
        """Whether a command succeeds."""
        return self.run(command)[0] == 0

    def output(self, command: str, given: bytes | None = None) -> str:
        """The output of a command that must succeed."""
        code, text = self.run(command, given)
        assert code == 0, text
        return text.strip()

    def install(self, tarball: Path, config: str) -> None:
        """Unpack a release and write its configuration, once the machine has booted."""
        until("ssh answers", lambda: self.answers("cloud-init status --wait"), 60)
        self.output("tar -xzf - -C /usr/local && systemctl daemon-reload && mkdir -p /etc/rancher/rke2", tarball.read_bytes())
        self.output("cat > /etc/rancher/rke2/config.yaml", config.encode())


@contextmanager
def machines(folder: Path, networks: Sequence[Network], nodes: Nodes) -> Iterator[Path]:
    """A lab in `folder`, which holds the key to its machines; it ends with the block."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / "key"], check=True)
    settings = LabSettings(folder.name, str(folder / "lab"), (), tuple(networks), nodes=nodes)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
        holder.up(settings, world="tests.lab.driver")
        try:
            yield folder
        finally:
            holder.down(folder / "lab")


def boot(folder: Path, number: int, name: str, addresses: Sequence[str], gateway: str = "") -> Host:
    """Switches a machine on, with a NIC for each of `addresses` (an address, or several with commas); who needs it waits for it."""
    key = (folder / "key.pub").read_text().strip()
    meta = f"instance-id: {name}\nlocal-hostname: {name}\n"
    outside = f", gateway4: {gateway}, nameservers: {{addresses: [{gateway}]}}" if gateway else ""
    more = [outside, *("" for _ in addresses[1:])]
    lines = [_NIC.format(number=18 + index, addresses=_networks(text), more=more[index]) for index, text in enumerate(addresses)]
    network = "version: 2\nethernets:\n" + "".join(lines)
    seed = Seed(USER.format(name=name, key=key).encode(), network.encode(), meta.encode())
    nics = tuple(Nic(index, f"52:54:00:67:0{index}:0{number}", f"vmbr{index}", None, "virtio") for index in range(len(addresses)))
    driver.connect(folder / "lab").start(Guest(number, name, "1", 2, 2048, 8 << 30, nics, seed))
    return Host(folder, addresses[0])


def _networks(addresses: str) -> str:
    return ", ".join(f"'{address}/{64 if ':' in address else 24}'" for address in addresses.split(","))
