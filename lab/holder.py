"""A lab from outside: bring it up, end it, ask for it, and the way into its network.

Everything of a lab lives in namespaces of its own, held by one chain of processes (`lab.keeper`); here is who starts and
ends that chain.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from lab import settings_file
from lab.commands import check_programs
from lab.environment import prepare_environment
from lab.errors import LabError
from lab.machines import inotify
from lab.machines.cgroups import LabGroup
from lab.machines.image import image_root
from lab.machines.qemu.prepare import prepared
from lab.network.mirror import Mirror, configured_mirror
from lab.patience import patient
from lab.processes import Process, process
from lab.settings import LabSettings

_READY_TIMEOUT = 60.0
_END_TIMEOUT = 20.0
_PVE = "lab.world"


@dataclass(frozen=True, slots=True)
class Running:
    """A lab that answers. `keeper` holds it, `world` is inside of its network namespace."""

    directory: Path
    keeper: Process
    world: Process


def up(settings: LabSettings, variables: Mapping[str, str] | None = None, *, world: str = _PVE) -> Running:
    """Starts a lab and returns once its PVE answers; `variables` join those that `enter`'s programs get (`lab_environment`).

    `world` is the module that runs inside, another one only in tests. Raises LabError: not root, programs missing, running already,
    the image did not build, or the lab's own words when it did not come up in time (`lab.patience`).
    """
    directory = Path(settings.directory)
    _check(directory)
    mirror = configured_mirror()
    image = image_root(mirror) if settings.machines == "nspawn" else directory
    settings = prepared(settings, mirror) if settings.vms else settings
    (directory / "log").mkdir(parents=True, exist_ok=True)
    LabGroup(lab_id(directory)).remove()
    inotify.make_room()
    prepare_environment(settings, variables or {})
    near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with near, far:
        near.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        keeper = _start_keeper(settings, image, mirror, far, world)
        far.close()
        return _await_ready(directory, keeper, near)


def down(directory: Path) -> None:
    """Ends a lab and everything in it, whatever state it is in; again and again does no harm. Files in `directory` stay."""
    running = _read(directory)
    if running is not None:
        for sign in (signal.SIGTERM, signal.SIGKILL):
            _signal(running.keeper, sign)
            if running.keeper.wait(patient(_END_TIMEOUT)) and running.world.wait(patient(_END_TIMEOUT)):
                break
        else:
            raise LabError(f"the lab in {directory} does not end", f"look at process {running.world.pid}")
    if not LabGroup(lab_id(directory)).remove():
        raise LabError(f"processes still hold cgroups of the lab in {directory}", "wait a moment and try again")
    _state_file(directory).unlink(missing_ok=True)


def status(directory: Path) -> Running | None:
    """The lab that runs in `directory`; None when it does not, or no longer."""
    running = _read(directory)
    return running if running is not None and running.keeper.alive and running.world.alive else None


def enter(directory: Path) -> list[str]:
    """What to put before a command so that it runs inside of the lab's network; raises LabError when the lab is down."""
    running = status(directory)
    if running is None:
        raise LabError(f"no lab runs in {directory}", "runner lab up")
    return ["nsenter", f"--net=/proc/{running.world.pid}/ns/net"]


def lab_id(directory: Path) -> str:
    """Unique on this machine, the same for the same folder: names the lab's cgroups."""
    return hashlib.sha256(str(directory.resolve()).encode()).hexdigest()[:12]


def _check(directory: Path) -> None:
    if os.geteuid() != 0:
        raise LabError("the lab makes namespaces and mounts, so it must be started by root", "sudo runner lab up, or a root shell")
    check_programs()
    if not directory.is_absolute():
        raise LabError(f"{directory}: the lab's folder must be an absolute path")
    if status(directory) is not None:
        raise LabError(f"a lab runs in {directory} already", "runner lab down")
    if any(character in str(directory) for character in ",: \t\n"):
        raise LabError(f"{directory}: overlay mounts cannot have commas, colons or blanks in their path", "move the checkout")


def _start_keeper(settings: LabSettings, image: Path, mirror: Mirror, ready: socket.socket, world: str) -> subprocess.Popen[bytes]:
    directory = Path(settings.directory)
    file = settings_file.save(settings)
    options = [
        "--settings",
        str(file),
        "--image",
        str(image),
        "--lab-id",
        lab_id(directory),
        "--ready",
        str(ready.fileno()),
        "--world",
        world,
    ]
    with (directory / "log/holder.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "lab.keeper", "keep", *options],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=[ready.fileno()], start_new_session=True, cwd="/",
            env={**os.environ, **mirror.environment},
        )  # fmt: skip


def _await_ready(directory: Path, keeper: subprocess.Popen[bytes], ready: socket.socket) -> Running:
    """The world's word comes with its pid, which the kernel translates into our pid namespace."""
    bound = patient(_READY_TIMEOUT)
    ready.settimeout(bound)
    try:
        message, ancillary, _, _ = ready.recvmsg(65536, socket.CMSG_SPACE(12))
    except TimeoutError:
        message, ancillary = b"", []
    answer = json.loads(message) if message else {"error": f"it ended before it answered, or did not answer within {bound:g} s"}
    if "error" in answer or not ancillary:
        keeper.terminate()
        keeper.wait()
        raise LabError(f"the lab did not come up: {answer.get('error')}", f"its logs are in {directory}/log")
    running = Running(directory, _alive(keeper.pid), _alive(int.from_bytes(ancillary[0][2][:4], sys.byteorder)))
    _write(running)
    return running


def _alive(pid: int) -> Process:
    found = process(pid)
    if found is None:
        raise LabError("the lab ended as soon as it had come up")
    return found


def _signal(target: Process, sign: signal.Signals) -> None:
    if target.alive:
        os.kill(target.pid, sign)


def _state_file(directory: Path) -> Path:
    return directory / "running.json"


def _write(running: Running) -> None:
    unfinished = running.directory / "running.json.new"
    unfinished.write_text(json.dumps({"keeper": asdict(running.keeper), "world": asdict(running.world)}) + "\n")
    unfinished.replace(_state_file(running.directory))


def _read(directory: Path) -> Running | None:
    file = _state_file(directory)
    if not file.exists():
        return None
    raw = json.loads(file.read_text())
    return Running(directory, Process(**raw["keeper"]), Process(**raw["world"]))


def forget(directory: Path) -> None:
    """Ends a lab and deletes its folder: disks, PVE's state, logs."""
    down(directory)
    shutil.rmtree(directory, ignore_errors=True)
