"""The command line: server, agent, etcd-snapshot save, --version; everything else is refused."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Sequence

from . import config, networks, options, profile, snapshots
from .agent import Agent
from .children import StoppedError
from .journal import FatalError, log
from .paths import DATA, Paths
from .release import VERSION
from .server import Server

USAGE = """\
usage: rke2 server | rke2 agent | rke2 etcd-snapshot save [--name NAME] | rke2 --version
(a stand-in for tests: it reads /etc/rancher/rke2 and takes no other flags)
"""


def main(arguments: Sequence[str]) -> int:
    """Run one command; returns the exit code."""
    if list(arguments) in (["--version"], ["-v"]):
        sys.stdout.write(f"rke2 version {VERSION} (stand-in)\n")
        return 0
    try:
        _dispatch(arguments)
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
        case _:
            raise snapshots.UsageError


def _paths(settings: config.Config) -> Paths:
    return Paths.from_environment(settings.text("data-dir", DATA))


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
    log("info", f"Starting rke2 {role} {VERSION} (stand-in)")
    (Server if role == "server" else Agent)(paths, settings, ending).run()
