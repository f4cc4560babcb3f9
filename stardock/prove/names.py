"""What tells whose Proxmox a proof was made on, by name: for the redactor."""

from __future__ import annotations

import getpass
import os
import re
import shlex
import socket
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

from stardock.errors import StardockError
from stardock.model.plan import Plan
from stardock.prove.place import Place
from stardock.prove.releases import VARIABLE as ARTIFACTS
from stardock.terraform.synth import find_engine

ENDPOINT = "PROXMOX_VE_ENDPOINT"
#: A word with an option of ssh that takes a value, after others that take none (ssh(1)).
_OPTION = re.compile(r"-[46AaCfGgKkMNnqsTtVvXxYy]*(?P<name>[BbcDEeFIiJLlmOoPpQRSWw])(?P<value>.*)", re.DOTALL)
#: Options whose values name somebody's however short they are, and those that hold a command. Of others shorter ones are no names.
_NAMING = frozenset({"j", "l", "proxyjump", "hostname", "user", "hostkeyalias"})
_COMMANDS = frozenset({"proxycommand", "localcommand", "knownhostscommand"})
_SHORTEST = 4
#: Values of ssh's own (ssh_config(5)), and programs of which many a command is made.
_OF_SSH = frozenset(
    {"none", "auto", "true", "false", "accept-new", "confirm", "publickey", "error", "quiet", "verbose", "debug", "info"}
) | {
    *("yes", "no", "ask", "ssh", "sh", "exec", "nc", "ncat", "netcat", "socat", "tcp", "socks5", "any", "inet", "inet6"),
}
#: Where every computer has programs.
_SYSTEMS = frozenset({"usr", "bin", "sbin", "nix", "snap"})


def names_of(plan: Plan, place: Place) -> dict[str, list[str]]:
    """What tells whose Proxmox this is: everything that the person's file and environment name, and this account, machine and folder."""
    proxmox = plan.proxmox
    nics = [nic for machine in plan.machines for nic in machine.interfaces]
    bridges = [name for node in proxmox.nodes for name in node.bridges.values()]
    searched = [one for nic in nics for one in (*nic.search, *nic.dns)]
    jumps = dict.fromkeys(plan.ssh.jumps.values())
    users = [proxmox.ssh_user, *(node.ssh_user or "" for node in proxmox.nodes), *(jump.user or "" for jump in jumps)]
    endpoints = [urlsplit(endpoint).hostname or "" for endpoint in (proxmox.endpoint or "", os.environ.get(ENDPOINT, ""))]
    hosts = [*endpoints, *(jump.host for jump in jumps), *(node.address or "" for node in proxmox.nodes)]
    return {
        "host": [*hosts, *searched],
        "node": [node.name for node in proxmox.nodes],
        "datastore": [name for node in proxmox.nodes for name in (node.images, node.snippets, node.disks)],
        "bridge": [*(nic.bridge for nic in nics), *bridges],
        "zone": [nic.zone or "" for nic in nics],
        "cluster": [place.folder.stem],
        "pool": [machine.pve_pool or "" for machine in plan.machines if machine.pve_pool],
        "account": [*users, _account(), socket.gethostname(), *_short([*hosts, socket.gethostname()])],
        "key": [proxmox.ssh_private_key or "", *(node.ssh_private_key or "" for node in proxmox.nodes)],
        "argument": [*_arguments(plan.ssh.arguments)],
        "folder": [*_folders(place)],
    }


def _arguments(text: str, shortest: int = _SHORTEST) -> Iterator[str]:
    """What of `ssh.extra_args` may name somebody's: values, whole and in parts; no option, no number, no yes."""
    words = iter(_split(text))
    for word in words:
        found = _OPTION.fullmatch(word)
        name, value = (found["name"], found["value"] or next(words, "")) if found else ("", word)
        name, value = _setting(value) if name == "o" else (name, value)
        if name.lower() in _COMMANDS:
            yield from _arguments(value, shortest=1)
        else:
            yield from _parts(value, 1 if name.lower() in _NAMING else shortest)


def _split(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def _setting(text: str) -> tuple[str, str]:
    """Of `-o`: `Name=value`, `Name value`."""
    name, *value = re.split(r"\s*=\s*|\s+", text.strip(), maxsplit=1)
    return name, value[0] if value else ""


def _parts(value: str, shortest: int) -> Iterator[str]:
    for part in (value, *re.split(r"[@:,\s\[\]]", value), *re.split(r"[@:,\s/\[\]]", value if shortest < _SHORTEST else "")):
        if len(part) >= shortest and part[:1] not in ("", "-", "%") and not part.isdigit() and part.lower() not in _OF_SSH:
            yield part


def _short(hosts: Iterable[str]) -> Iterator[str]:
    """The first words of their names, as they call themselves; of no address."""
    yield from (host.partition(".")[0] for host in hosts if not re.fullmatch(r"[\d.]*|.*:.*", host))


def _folders(place: Place) -> Iterator[str]:
    """Whose names tell who works here; not those that every computer has."""
    given = os.environ.get(ARTIFACTS)
    for folder in (place.folder.absolute().parent, Path.home(), Path.cwd(), Path(given).absolute() if given else None, _engine()):
        if folder is not None and folder.parts[1:2] and folder.parts[1] not in _SYSTEMS:
            yield str(folder)


def _engine() -> Path | None:
    try:
        return Path(find_engine(os.environ)).absolute().parent
    except StardockError:
        return None


def _account() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""
