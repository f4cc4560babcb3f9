"""The user-data: what brings a machine to where SSH answers, with the files that the stage `machines` owns from then on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stardock.firstboot.hashes import mark
from stardock.firstboot.mirror import switch_command
from stardock.model.machine import Machine, User
from stardock.systems import ManagedFile, disks, system

Command = str | list[str]  # a line for the shell, or words


def user_data(machine: Machine, digest: str = "") -> dict[str, Any]:
    """Give the cloud-config of one machine; depends on nothing but that machine. The user's own parts come after ours.

    `digest` is for the marks of password hashes (`stardock.firstboot.hashes`).
    """
    own = system(machine.image.system)
    mirror = own.mirror(machine)
    switch = [switch_command(mirror)] if mirror else []
    return {
        **_identity(machine),
        **_access(machine, digest),
        **own.cloud_config(machine),
        "packages": list(own.packages_of(machine)),
        "write_files": [_file(file) for file in first_files(machine)],
        **_commands("bootcmd", [*switch, *machine.boot_commands]),
        **_commands("runcmd", [*_ours(machine), *machine.commands, *own.last_commands(machine)]),
    }


def _ours(machine: Machine) -> list[str]:
    """What Stardock itself runs at the end of the first boot."""
    own = system(machine.image.system)
    services = [f"systemctl {'enable' if wanted else 'disable'} --now {unit}" for unit, wanted in own.services_of(machine).items()]
    return [*own.first_commands(machine), *disks.commands(machine), *services]


def first_files(machine: Machine) -> tuple[ManagedFile, ...]:
    """The files of a machine's first boot: the system's, then the user's own."""
    users = (ManagedFile(file.path, file.content, file.mode, file.owner) for file in machine.files)
    return (*system(machine.image.system).files_of(machine), *users)


def password_variables(machine: Machine) -> tuple[str, ...]:
    """Name the Terraform variables that a machine's user-data refers to."""
    return tuple(user.password_variable for user in machine.users if user.password_variable)


def _identity(machine: Machine) -> dict[str, Any]:
    name: dict[str, Any] = {"hostname": machine.hostname}
    if "." in machine.hostname:  # cloud-init would cut a name without `fqdn` at its first dot
        name |= {"fqdn": machine.hostname, "prefer_fqdn_over_hostname": True}
    # `localhost` keeps 127.0.1.1 right; `true` would write the whole file anew at each boot, over what bootstrap adds
    return {**name, "manage_etc_hosts": "localhost", "timezone": machine.timezone}


def _access(machine: Machine, digest: str) -> dict[str, Any]:
    return {
        "ssh_pwauth": False,
        "disable_root": all(user.name != "root" for user in machine.users),
        "ssh_deletekeys": True,  # images must not share host keys
        "ssh_genkeytypes": ["ed25519"],
        "users": [_user(user, digest) for user in machine.users],
    }


def _user(user: User, digest: str) -> dict[str, Any]:
    account = {"name": user.name} if user.name == "root" else {"name": user.name, "shell": "/bin/bash"}
    keys = {"ssh_authorized_keys": list(user.keys)} if user.keys else {}
    return {**account, **_password(user.password_variable, digest), **keys}


def _password(variable: str | None, digest: str) -> dict[str, Any]:
    if variable is None:
        return {"lock_passwd": True}
    return {"lock_passwd": False, "hashed_passwd": mark(variable, digest)}


def _file(file: ManagedFile) -> dict[str, Any]:
    """Files of other accounts wait until these exist (`defer`)."""
    later = {} if file.owner == "root" else {"defer": True}
    return {"path": file.path, "permissions": file.mode, "owner": f"{file.owner}:root", "content": file.content, **later}


def _commands(key: str, commands: list[Command]) -> Mapping[str, Any]:
    return {key: commands} if commands else {}
