"""What runs inside of a lab's network namespace: bridges, DHCP, the PVE nodes' sshds, the emulated PVE, and with it the machines."""

from __future__ import annotations

import json
import logging
import os
import socket
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lab import settings_file
from lab.access import token
from lab.commands import run
from lab.errors import LabError
from lab.keeper import options_parser
from lab.machines.cgroups import LabGroup
from lab.machines.containers import NspawnHypervisor
from lab.machines.hypervisor import Hypervisor
from lab.machines.qemu.hypervisor import MixedHypervisor, QemuHypervisor
from lab.network import bridges as network
from lab.network.relay_address import RELAY_ADDRESS, RELAY_PORT
from lab.pve import PowerFlags, create_app, serving, start_sshd
from lab.settings import LabSettings
from lab.standin.files import machine_files

_log = logging.getLogger("world")


@dataclass(frozen=True, slots=True)
class World:
    """A prepared namespace. `say_ready` tells `up`, once."""

    settings: LabSettings
    hypervisor: Hypervisor
    say_ready: Callable[[], None]


def enter_world(serve: Callable[[World], None]) -> None:
    """Prepares the namespace as the command line says, then serves for ever; what goes wrong before `say_ready` is told to `up`."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    parser = options_parser()
    parser.add_argument("--relay", type=int, required=True)
    options = parser.parse_args()
    ready = socket.socket(fileno=options.ready)
    try:
        settings = settings_file.load(Path(options.settings))
        _prepare(settings, options.relay)
        serve(World(settings, _hypervisor(settings, Path(options.image), options.lab_id), lambda: _tell(ready, {})))
    except (LabError, OSError) as error:
        _tell(ready, {"error": str(error)})
        raise


def _hypervisor(settings: LabSettings, image: Path, lab_id: str) -> Hypervisor:
    directory = Path(settings.directory)
    if settings.machines == "none":
        return PowerFlags(directory / "pve/power.json")
    files = machine_files(image, real_nodes=settings.nodes == "real")
    containers = NspawnHypervisor(directory, image, LabGroup(lab_id), files)
    return MixedHypervisor(containers, QemuHypervisor(settings), frozenset(settings.vms)) if settings.vms else containers


def _prepare(settings: LabSettings, relay: int) -> None:
    """/sys read-only (nspawn waits for udev otherwise) and a /run of the lab's own: nspawn and sshd leave files there."""
    run(["mount", "-o", "remount,bind,ro", "/sys"])
    run(["mount", "-t", "tmpfs", "-o", "mode=0755", "lab", "/run"])
    Path("/run/sshd").mkdir()
    Path("/run/lock").mkdir()
    network.build(settings.networks)
    _hand_over_relay_socket(relay)
    if (dhcp := network.start_dhcp(settings)) is not None:
        end_with(dhcp, "dnsmasq")


def _hand_over_relay_socket(relay: int) -> None:
    """The relay serves, from outside, what is accepted in here."""
    with socket.create_server((RELAY_ADDRESS, RELAY_PORT)) as listening, socket.socket(fileno=relay) as channel:
        socket.send_fds(channel, [b"."], [listening.fileno()])


def end_with(child: subprocess.Popen[bytes], name: str) -> None:
    """A lab without one of its servers is broken: better it ends, and says why in its log."""

    def watch() -> None:
        _log.error("%s ended (%s): the lab ends", name, child.wait())
        os._exit(1)

    threading.Thread(target=watch, name=name, daemon=True).start()


def _tell(ready: socket.socket, message: dict[str, str]) -> None:
    ready.send(json.dumps(message).encode())
    ready.close()


def serve_pve(world: World) -> None:
    """The emulated PVE with the sshds of its nodes, until the end."""
    settings = world.settings
    for node in settings.pve_nodes:
        end_with(start_sshd(settings, node), f"sshd of {node.name}")
    with serving(create_app(settings, world.hypervisor, token(Path(settings.directory))), settings):
        world.say_ready()
        threading.Event().wait()


if __name__ == "__main__":
    enter_world(serve_pve)
