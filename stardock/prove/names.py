"""What tells whose Proxmox a proof was made on, by name: for the redactor."""

from __future__ import annotations

import getpass
import os
import re
import shlex
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from stardock.model.plan import Plan
from stardock.prove.place import Place

ENDPOINT = "PROXMOX_VE_ENDPOINT"
#: Of words in `ssh.extra_args`: shorter ones are no names, and these are values of ssh's own (ssh_config(5)).
_SHORTEST = 4
_OF_SSH = frozenset({"none", "auto", "true", "false", "accept-new", "confirm", "publickey", "error", "quiet", "verbose", "debug", "info"})


def names_of(plan: Plan, place: Place) -> dict[str, list[str]]:
    """What tells whose Proxmox this is: everything that the person's file and environment name, and this account, machine and folder."""
    proxmox = plan.proxmox
    nics = [nic for machine in plan.machines for nic in machine.interfaces]
    bridges = [name for node in proxmox.nodes for name in node.bridges.values()]
    searched = [one for nic in nics for one in (*nic.search, *nic.dns)]
    jumps = dict.fromkeys(plan.ssh.jumps.values())
    users = [proxmox.ssh_user, *(node.ssh_user or "" for node in proxmox.nodes), *(jump.user or "" for jump in jumps)]
    endpoints = [urlsplit(endpoint).hostname or "" for endpoint in (proxmox.endpoint or "", os.environ.get(ENDPOINT, ""))]
    return {
        "host": [*endpoints, *(jump.host for jump in jumps), *(node.address or "" for node in proxmox.nodes), *searched],
        "node": [node.name for node in proxmox.nodes],
        "datastore": [name for node in proxmox.nodes for name in (node.images, node.snippets, node.disks)],
        "bridge": [*(nic.bridge for nic in nics), *bridges],
        "zone": [nic.zone or "" for nic in nics],
        "cluster": [place.folder.stem],
        "pool": [machine.pve_pool or "" for machine in plan.machines if machine.pve_pool],
        "account": [*users, _account(), socket.gethostname()],
        "key": [proxmox.ssh_private_key or "", *(node.ssh_private_key or "" for node in proxmox.nodes)],
        "argument": [*_arguments(plan.ssh.arguments)],
        "folder": [str(folder) for folder in (place.folder.absolute().parent, Path.home(), Path.cwd()) if folder != Path(folder.anchor)],
    }


def _arguments(text: str) -> Iterator[str]:
    """What of `ssh.extra_args` may name somebody's: values, whole and in parts; no option, no number, no yes."""
    for word in shlex.split(text):
        value = word.partition("=")[2] or word
        parts = (value, *re.split(r"[@:,\s]", value))
        yield from (
            part for part in parts if len(part) >= _SHORTEST and part[0] != "-" and not part.isdigit() and part.lower() not in _OF_SSH
        )


def _account() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""
