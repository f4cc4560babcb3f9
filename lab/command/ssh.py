"""How `runner lab ssh` reaches a machine: as the bootstrap does, with the plan's user, key, address and pinned host keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lab.command.copy import LabPaths
from stardock.errors import ConditionError
from stardock.model.facts import address_of
from stardock.model.settings import Ssh
from stardock.workspace.files import named_file

if TYPE_CHECKING:  # pydantic: not for `runner lab run`
    from stardock.workspace.workspace import Workspace

#: A VM that is switched off or reset sends nobody a RST: without these a session to it would wait for hours (ssh_config(5)).
ALIVE = ("-o", "ConnectTimeout=10", "-o", "ServerAliveInterval=5", "-o", "ServerAliveCountMax=3")


def ssh_command(paths: LabPaths, name: str, command: Sequence[str], ask_agent: Callable[[], str]) -> list[str]:
    """The ssh command line; `command`'s words are read again by the machine's shell, as always with ssh.

    The address of a machine with DHCP that was not discovered yet is what `ask_agent` says.
    """
    from stardock.workspace.workspace import open_workspace  # noqa: PLC0415

    ws = open_workspace(paths.cluster_file)
    machine = next((one for one in ws.plan.machines if one.name == name), None)
    if machine is None:
        raise ConditionError(f"there is no machine {name}", cure=f"it has {', '.join(one.name for one in ws.plan.machines)}")
    address = address_of(machine, ws.facts) or ask_agent()
    options = [*_identity(ws.plan.ssh, paths.folder), *_host_keys(ws, name), *ALIVE, "-p", str(ws.plan.ssh.port)]
    return ["ssh", *options, f"{ws.plan.ssh.user}@{address}", *command]


def _identity(ssh: Ssh, folder: Path) -> list[str]:
    return ["-i", str(named_file(folder, ssh.private_key)), "-o", "IdentitiesOnly=yes"] if ssh.private_key else []


def _host_keys(ws: Workspace, name: str) -> list[str]:
    """Pinned keys where they were discovered; before that, the lab is trusted, and nothing of it is remembered."""
    if name in ws.facts.machines and ws.facts.machines[name].host_keys:
        return ["-o", f"UserKnownHostsFile={ws.files.known_hosts}", "-o", "StrictHostKeyChecking=yes"]
    return ["-o", "UserKnownHostsFile=/dev/null", "-o", "StrictHostKeyChecking=no", "-o", "LogLevel=ERROR"]
