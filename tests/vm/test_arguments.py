"""QEMU here takes the arguments of every configuration whose lines are held (tests/unit/lab/test_qemu_arguments.py). Nothing boots."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lab.machines.qemu.command import Firmware, Place, arguments, taps
from lab.machines.qemu.drives import File
from lab.machines.qemu.machine import QEMU
from lab.machines.qemu.monitor import monitor
from tests.unit.lab.test_qemu_arguments import FILES, GOLDEN, Golden
from tests.waiting import until

pytestmark = [pytest.mark.vm, pytest.mark.ci_vm]

#: In a network namespace of its own: the host's side of the NICs, then QEMU.
_WITH_TAPS = 'while [ "$1" != -- ]; do ip tuntap add "$1" mode tap $MODE; shift; done; shift; exec "$@"'


def files(folder: Path) -> dict[str, File]:
    """Empty volumes in place of the configurations' own."""
    made = {name: File(folder / file.path.name, file.format) for name, file in FILES.items()}
    for file in made.values():
        size = "528K" if file.path.name == "vars" else "1G"
        subprocess.run(["qemu-img", "create", "-q", "-f", file.format, str(file.path), size], check=True)
    return made


@contextmanager
def stopped(argv: list[str], nics: list[str], mode: str) -> Iterator[subprocess.Popen[str]]:
    """QEMU with its processors halted."""
    command = ["unshare", "--net", "sh", "-c", _WITH_TAPS, "sh", *nics, "--", QEMU, "-S", *argv]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "MODE": mode})
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def status(process: subprocess.Popen[str], socket: Path) -> str:
    """What QEMU says of itself; empty while it does not answer."""
    assert process.poll() is None, process.communicate()[1]
    try:
        return str(monitor(socket, "query-status")["status"])
    except OSError:
        return ""


@pytest.mark.parametrize("golden", GOLDEN, ids=[golden.name for golden in GOLDEN])
def test_qemu_takes_the_arguments(golden: Golden, tmp_path: Path) -> None:
    volumes = files(tmp_path)
    uefi = Firmware(Path("/usr/share/OVMF/OVMF_CODE_4M.secboot.fd"), volumes["local-lvm:vm-100-disk-2"])
    argv = arguments(100, golden.config, Place(tmp_path, tmp_path / "console.log", volumes, uefi, tmp_path / "seed"))
    mode = "multi_queue" if "queues=" in golden.config.get("net0", "") else ""
    names = [name for number, name in taps(100, golden.config).items() if number == 0 or not mode]
    with stopped(argv, names, mode) as process:
        until(lambda: status(process, tmp_path / "qmp"), "QEMU's monitor", 20)
        assert status(process, tmp_path / "qmp") == "prelaunch"
