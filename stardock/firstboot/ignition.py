"""The Ignition document (spec 3.4) of a system that boots with it: what cloud-config and network-config say elsewhere, in one JSON.

Ignition runs once, in the first boot's initramfs; the stage `machines` owns the same files afterwards. Every file overwrites, since the
document is applied again when somebody resets the machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from stardock.firstboot.hashes import mark
from stardock.firstboot.user import first_files
from stardock.model.machine import Machine, User
from stardock.systems import ManagedFile, system
from stardock.systems.scripts import script

VERSION = "3.4.0"


def ignition(machine: Machine, digest: str = "") -> dict[str, Any]:
    """Give the document of one machine; depends on nothing but that machine. `digest` as in `user_data`."""
    zone = {"path": "/etc/localtime", "target": f"../usr/share/zoneinfo/{machine.timezone}", "overwrite": True}
    return {
        "ignition": {"version": VERSION},
        "passwd": {"users": [_user(user, digest) for user in machine.users]},
        "storage": {"files": [_file(file) for file in _files(machine)], "links": [zone]},
        "systemd": {"units": list(_units(machine))},
    }


def _user(user: User, digest: str) -> dict[str, Any]:
    """Root is there already, and has a shell; an account without a hash has no password."""
    shell = {} if user.name == "root" else {"shell": "/bin/bash"}
    password = {"passwordHash": mark(user.password_variable, digest)} if user.password_variable else {}
    keys = {"sshAuthorizedKeys": list(user.keys)} if user.keys else {}
    return {"name": user.name, **shell, **password, **keys}


def _files(machine: Machine) -> Iterator[ManagedFile]:
    yield ManagedFile("/etc/hostname", machine.hostname + "\n")
    yield from first_files(machine)
    if machine.commands:
        yield ManagedFile("/etc/stardock/first-boot.sh", _script(machine.commands), "0755")
    if machine.boot_commands:
        yield ManagedFile("/etc/stardock/every-boot.sh", _script(machine.boot_commands), "0755")


def _script(commands: tuple[str, ...]) -> str:
    return "#!/bin/sh\n" + "".join(f"{command}\n" for command in commands)


def _file(file: ManagedFile) -> dict[str, Any]:
    """The content is a data URL in percent escapes."""
    owner = {} if file.owner == "root" else {"user": {"name": file.owner}}
    contents = {"source": f"data:,{quote(file.content, safe='')}"}
    return {"path": file.path, "mode": int(file.mode, 8), "overwrite": True, "contents": contents, **owner}


def _units(machine: Machine) -> Iterator[dict[str, Any]]:
    for name in system(machine.image.system).masked_units:
        yield {"name": name, "mask": True}
    for name, wanted in system(machine.image.system).services_of(machine).items():
        yield {"name": name, "enabled": wanted}
    if machine.commands:
        yield {"name": "stardock-first-boot.service", "enabled": True, "contents": script("stardock-first-boot.service")}
    if machine.boot_commands:
        yield {"name": "stardock-every-boot.service", "enabled": True, "contents": script("stardock-every-boot.service")}
