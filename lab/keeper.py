"""The processes that hold a lab, from the outside in: keeper, unshare, init (pid 1 of the lab), relay and world.

Each ends with the one before it: the kernel kills `unshare` when the keeper dies and init when `unshare` dies, and whatever lives
in a pid namespace dies with its init. So SIGKILL of any of them ends everything in the lab; only empty cgroup folders can stay,
and those go with the keeper's last act, with `down`, or with the next `up`.
"""

from __future__ import annotations

import argparse
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from types import FrameType

from lab.machines.cgroups import LabGroup
from lab.processes import children

_NAMESPACES = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "--propagation", "private")
_NETWORK = ("unshare", "--net", "--mount", "--propagation", "private")
_DIE_WITH_PARENT = ("setpriv", "--pdeathsig", "KILL")

#: The variable that names, by its pid, a process which the lab does not outlive. Tests set it; a person's lab lives until `down`.
OWNER = "STARDOCK_LAB_OWNER"


def keep(options: argparse.Namespace) -> int:
    """Outermost, in the machine's own namespaces: starts the lab's, waits for their end, takes away the cgroups."""
    init = [sys.executable, "-m", "lab.keeper", "init", *_arguments(options)]
    holder = subprocess.Popen([*_DIE_WITH_PARENT, *_NAMESPACES, *init], pass_fds=[options.ready])
    os.close(options.ready)

    def end(_signal: int, _frame: FrameType | None) -> None:
        for pid in children(holder.pid) or (holder.pid,):
            os.kill(pid, signal.SIGKILL)

    signal.signal(signal.SIGTERM, end)
    if owner := os.environ.get(OWNER):
        _end_with(int(owner))
    status = holder.wait()
    return 0 if LabGroup(options.lab_id).remove(seconds=10) else status or 1


def _end_with(owner: int) -> None:
    """Ends this lab as SIGTERM does, once the process `owner` has ended, however that came."""

    def watch() -> None:
        with suppress(ProcessLookupError):
            select.select([os.pidfd_open(owner)], [], [])
        signal.pthread_kill(keeper, signal.SIGTERM)

    keeper = threading.get_ident()
    threading.Thread(target=watch, name="owner", daemon=True).start()


def init(options: argparse.Namespace) -> int:
    """Pid 1 of the lab: starts relay and world, collects the dead, and ends the lab when one of the two ends."""
    log = Path(options.settings).parent / "log"
    near, far = socket.socketpair()
    relay = [sys.executable, "-m", "lab.network.relay", "--socket", str(near.fileno())]
    world = [*_NETWORK, sys.executable, "-m", options.world, *_arguments(options), "--relay", str(far.fileno())]
    started = {
        _spawn(relay, log / "relay.log", near.fileno()): "relay",
        _spawn(world, log / "world.log", far.fileno(), options.ready): "world",
    }
    for descriptor in (near.detach(), far.detach(), options.ready):
        os.close(descriptor)
    while True:
        pid, status = os.wait()
        if pid in started:
            print(f"the lab's {started[pid]} ended ({os.waitstatus_to_exitcode(status)})", flush=True)  # noqa: T201 -- its log
            return 1


def _spawn(argv: list[str], log: Path, *descriptors: int) -> int:
    with log.open("ab") as output:
        child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output, pass_fds=descriptors)
    child.returncode = 0  # init collects all children itself; Popen must not
    return child.pid


def _arguments(options: argparse.Namespace) -> list[str]:
    return [
        "--settings", options.settings, "--image", options.image, "--lab-id", options.lab_id,
        "--ready", str(options.ready), "--world", options.world,
    ]  # fmt: skip


def options_parser() -> argparse.ArgumentParser:
    """What every process of the chain is told."""
    parser = argparse.ArgumentParser()
    for name in ("--settings", "--image", "--lab-id", "--world"):
        parser.add_argument(name, required=True)
    parser.add_argument("--ready", type=int, required=True, help="descriptor of the socket that hears when the lab answers")
    return parser


def main() -> int:
    """`python -m lab.keeper keep|init ...`."""
    verb = sys.argv.pop(1)
    return {"keep": keep, "init": init}[verb](options_parser().parse_args())


if __name__ == "__main__":
    sys.exit(main())
