"""The one door by SSH to a PVE node: where its sshd answers, as whom, with which key. As the provider comes in; only SFTP, only reads."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from stardock.model.settings import Proxmox, PveNode

#: The provider's variable for a key that is in no file.
KEY_VARIABLE = "PROXMOX_VE_SSH_PRIVATE_KEY"


@dataclass(frozen=True, slots=True)
class Door:
    """One PVE node's sshd and how the provider would come in. `key` None: with what the agent or the environment has."""

    address: str
    port: int
    user: str
    key: Path | None = None

    def __str__(self) -> str:
        return f"{self.user}@{self.address} port {self.port}"


def door(proxmox: Proxmox, node: PveNode, interfaces: Sequence[Mapping[str, Any]], key: Path | None) -> Door:
    """The door of a PVE node, whose network interfaces the API has told."""
    return Door(node.address or _address(interfaces) or node.name, node.ssh_port, node.ssh_user or proxmox.ssh_user, key)


def _address(interfaces: Sequence[Mapping[str, Any]]) -> str | None:
    """Where the provider looks: the interface with a gateway, IPv4 first, else any IPv4 address (bpg/proxmox 0.111, `apiResolver.Resolve`).

    After these, it and we take the PVE node's name.
    """
    for needed, told in (("gateway", "address"), ("gateway6", "address6"), ("address", "address")):
        found = next((item[told] for item in interfaces if item.get(needed) and item.get(told)), None)
        if found:
            return _parsed(str(found).partition("/")[0])
    return None


def _parsed(told: str) -> str | None:
    """What Proxmox tells is an address, or it is nothing."""
    try:
        return str(ip_address(told))
    except ValueError:
        return None


def sftp_command(door: Door, key: int | None, batch: str = "/dev/null") -> list[str]:
    """The way in; `batch` is a file of commands, `-` for stdin. Host keys are not looked at: nothing is told there."""
    options = {
        "BatchMode": "yes",
        "ConnectTimeout": "3",
        "StrictHostKeyChecking": "no",
        "UserKnownHostsFile": "/dev/null",
        "PreferredAuthentications": "publickey",
        "LogLevel": "ERROR",
    }
    if door.key:
        options |= {"IdentityFile": str(door.key), "IdentitiesOnly": "yes", "IdentityAgent": "none"}
    elif key is not None:
        options |= {"IdentityFile": f"/proc/{os.getpid()}/fd/{key}"}
    given = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
    return ["sftp", "-q", "-F", "none", *given, "-P", str(door.port), "-b", batch, f"{door.user}@{door.address}"]


@contextmanager
def environment_key(door: Door, environ: Mapping[str, str]) -> Iterator[int | None]:
    """The key of the environment as a file that is on no disk (ssh closes what it inherits); None: there is none, or another goes first."""
    text = environ.get(KEY_VARIABLE)
    if door.key or not text:
        yield None
        return
    descriptor = os.memfd_create("key")
    try:
        os.fchmod(descriptor, 0o600)
        os.write(descriptor, text.rstrip("\n").encode() + b"\n")
        yield descriptor
    finally:
        os.close(descriptor)
