"""The command line: server, agent, etcd-snapshot save, --version; everything else is refused."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from . import config, networks, options, profile, snapshots, unpacking
from .agent import Agent
from .children import StoppedError
from .flavor import OURS
from .journal import FatalError, log
from .paths import Paths
from .release import VERSION
from .server import Server

NAME = OURS.name
USAGE = f"""\
usage: {NAME} server | {NAME} agent | {NAME} etcd-snapshot save [--name NAME] | {NAME} --version
(a stand-in for tests: it reads /etc/rancher/{NAME} and takes no other flags)
"""


def main(arguments: Sequence[str], called: str = NAME) -> int:
    """Run one command; returns the exit code. `called` is the name or path by which it was called."""
    if list(arguments) in (["--version"], ["-v"]):
        sys.stdout.write(f"{NAME} version {VERSION} (stand-in)\n")
        return 0
    try:
        name = Path(called).name
        _dispatch([name, *arguments] if name in unpacking.OTHERS else arguments)
    except snapshots.UsageError:
        sys.stderr.write(USAGE)
        return 2
    except StoppedError:
        return 0
    except FatalError as error:
        log("fatal", str(error))
        return 1
    return 0


def _dispatch(arguments: Sequence[str]) -> None:
    match list(arguments):
        case ["server"]:
            _run("server")
        case ["agent"]:
            _run("agent")
        case ["etcd-snapshot", *rest]:
            name = snapshots.parse(rest)
            snapshots.save(_paths(config.load(Paths.from_environment(), "server")), name)
        case [other, *rest] if OURS.is_one_file and other in unpacking.OTHERS:
            unpacking.become(Paths.from_environment(), other, rest)
        case _:
            raise snapshots.UsageError


def _paths(settings: config.Config) -> Paths:
    return Paths.from_environment(settings.text("data-dir", OURS.data))


def _run(role: config.Role) -> None:
    ending = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ending.set())
    settings = config.load(Paths.from_environment(), role)
    paths = _paths(settings)
    options.check(settings)
    profile.demand(paths, settings)
    if role == "server":
        networks.chosen(settings)
    paths.prepare()
    unpacking.unpack(paths)
    log("info", f"Starting {NAME} {role} {VERSION} (stand-in)")
    (Server if role == "server" else Agent)(paths, settings, ending).run()
