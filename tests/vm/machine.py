"""A VM in QEMU without hardware help, fed with Stardock's own documents as Proxmox would feed it."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from stardock.firstboot import Documents
from stardock.lab.cache import cache_root
from stardock.lab.mirror import configured_mirror
from stardock.lab.relay import Relay, serve
from tests.contract.estate import free_ports
from tests.vm.image import RELAY, VmImage, vm_image

QEMU = "qemu-system-x86_64"
#: Without hardware help a boot takes fifty seconds on an idle machine.
PATIENCE = 600.0


@dataclass(frozen=True, slots=True)
class Hardware:
    """Sizes in GiB. `macs` sit in PCI slots that no plan names: the last in 3 (the kernel's ens3). `address`: where ssh answers."""

    address: str
    macs: tuple[str, ...]
    disk_gib: int
    data_gib: Mapping[str, int]  # by name, which is the serial


@dataclass(frozen=True)
class Vm:
    """A running VM, reached over a forwarded port."""

    port: int
    key: Path
    console: Path

    def ssh(self, *command: str) -> subprocess.CompletedProcess[str]:
        """A command as the user that the documents make."""
        options = ("StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR", "ConnectTimeout=20")
        chosen = [word for option in options for word in ("-o", option)]
        words = ["ssh", "-i", str(self.key), "-p", str(self.port), *chosen, "admin@127.0.0.1", *command]
        return subprocess.run(words, capture_output=True, text=True, check=False, timeout=300)

    def said(self, *command: str) -> str:
        """The output of a command that succeeds."""
        done = self.ssh(*command)
        assert done.returncode == 0, (command, done.stdout, done.stderr, self.console.read_text(errors="replace")[-2000:])
        return done.stdout.strip()

    @property
    def boot(self) -> str:
        """The kernel's name of this boot; empty while ssh does not answer."""
        return self.ssh("cat", "/proc/sys/kernel/random/boot_id").stdout.strip()

    def reboot(self) -> None:
        """From inside, until the next boot has ended; sshd may still answer while the last one goes down."""
        before, deadline = self.boot, time.monotonic() + PATIENCE
        self.ssh("sudo", "systemctl", "reboot")
        while self.boot in ("", before):
            assert time.monotonic() < deadline, self.console.read_text(errors="replace")[-3000:]
            time.sleep(2)
        self.await_first_boot()

    def await_first_boot(self) -> None:
        """Until cloud-init has ended."""
        deadline = time.monotonic() + PATIENCE
        while (done := self.ssh("test", "-e", "/run/cloud-init/result.json")).returncode:
            assert time.monotonic() < deadline, (done.stderr, self.console.read_text(errors="replace")[-3000:])
            time.sleep(2)


@contextmanager
def running(folder: Path, key: Path, documents: Documents, hardware: Hardware) -> Iterator[Vm]:
    """A VM for as long as the block runs."""
    image = vm_image()
    _make_disks(folder, image, documents, hardware)
    (port,) = free_ports(1)
    with _relay() as relay:
        process = subprocess.Popen([*_boots(folder, image), *_drives(folder, hardware), *_nics(hardware, port, relay)])
        try:
            yield Vm(port, key, folder / "console")
        finally:
            process.kill()
            process.wait()


def _make_disks(folder: Path, image: VmImage, documents: Documents, hardware: Hardware) -> None:
    """The image, grown to the first disk's size; empty data disks; the seed."""
    subprocess.run(["cp", "--sparse=always", str(image.disk), str(folder / "disk.raw")], check=True)
    for name, size_gib in {"disk": hardware.disk_gib, **hardware.data_gib}.items():
        (folder / f"{name}.raw").touch()
        os.truncate(folder / f"{name}.raw", size_gib << 30)
    seed = folder / "seed"
    seed.mkdir()
    for name, text in (("user-data", documents.user), ("network-config", documents.network), ("meta-data", documents.meta)):
        (seed / name).write_text(text)


def _boots(folder: Path, image: VmImage) -> list[str]:
    machine = ["-machine", "pc,accel=tcg", "-cpu", "max", "-smp", "2", "-m", "1024", "-device", "virtio-rng-pci,addr=0x6"]
    seen = ["-display", "none", "-monitor", "none", "-serial", f"file:{folder / 'console'}"]
    kernel = ["-kernel", str(image.kernel), "-initrd", str(image.initrd), "-append", "root=/dev/sda1 ro console=ttyS0 quiet"]
    return [QEMU, *machine, *seen, *kernel]


def _drives(folder: Path, hardware: Hardware) -> Iterator[str]:
    """As Proxmox has them: scsi0, a seed, and data disks that carry their names as serials."""
    yield from ("-device", "virtio-scsi-pci,addr=0x5", "-device", "scsi-hd,drive=disk,scsi-id=0")
    yield from ("-drive", f"if=none,id=disk,format=raw,cache=unsafe,file={folder}/disk.raw")
    yield from ("-device", "virtio-blk-pci,drive=seed,addr=0x7")
    yield from ("-drive", f"if=none,id=seed,format=raw,readonly=on,file.driver=vvfat,file.dir={folder}/seed,file.label=cidata")
    for slot, name in enumerate(hardware.data_gib, start=8):
        yield from ("-device", f"virtio-blk-pci,drive={name},serial={name},addr={hex(slot)}")
        yield from ("-drive", f"if=none,id={name},format=raw,cache=unsafe,file={folder}/{name}.raw")


def _nics(hardware: Hardware, port: int, relay: int) -> Iterator[str]:
    """The first network has ssh, by a forwarded port, and the relay."""
    forward = f"hostfwd=tcp:127.0.0.1:{port}-{hardware.address}:22,guestfwd=tcp:{RELAY[0]}:{RELAY[1]}-tcp:127.0.0.1:{relay}"
    last = len(hardware.macs) - 1
    for number, mac in enumerate(hardware.macs):
        network = f"net=10.{19 + number}.0.0/24" if number else f"net=192.168.1.0/24,host=192.168.1.1,dhcpstart=192.168.1.90,{forward}"
        yield from ("-netdev", f"user,id=net{number},restrict=on,{network}")
        yield from ("-device", f"virtio-net-pci,netdev=net{number},mac={mac},addr={hex(3 + last - number)}")


@contextmanager
def _relay() -> Iterator[int]:
    """The lab's relay to the Debian mirror, on a port of the loopback."""
    listening = socket.create_server(("127.0.0.1", 0))
    relay = Relay(configured_mirror(), cache_root() / "packages")
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=lambda: loop.run_until_complete(_until_stopped(listening, relay)), daemon=True)
    thread.start()
    yield int(listening.getsockname()[1])
    loop.call_soon_threadsafe(_stop, loop)
    thread.join(timeout=10)


async def _until_stopped(listening: socket.socket, relay: Relay) -> None:
    try:
        await serve(listening, relay)
    except asyncio.CancelledError:
        return


def _stop(loop: asyncio.AbstractEventLoop) -> None:
    for task in asyncio.all_tasks(loop):
        task.cancel()


def have_qemu() -> bool:
    """Whether this machine can run one."""
    return shutil.which(QEMU) is not None
