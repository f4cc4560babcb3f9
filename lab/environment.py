"""The environment of programs that work in a lab: what `runner lab run` sets, and a shell can read from `<directory>/env`."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from pathlib import Path

from lab.access import access_key, token, write_private
from lab.cache import cache_root
from lab.settings import LabSettings

#: set outside, useful inside
_PASSED_ON = ("STARDOCK_PVE_SCHEMA",)


def prepare_environment(settings: LabSettings, variables: Mapping[str, str]) -> dict[str, str]:
    """Makes the lab's token and the key to its PVE nodes once, writes `<directory>/env` (0600), gives its content."""
    directory = Path(settings.directory)
    environment = (
        _basics(directory, settings.ssh_user) | {name: os.environ[name] for name in _PASSED_ON if name in os.environ} | dict(variables)
    )
    lines = [f"export {name}={shlex.quote(value)}\n" for name, value in sorted(environment.items())]
    write_private(directory / "env", "".join(lines))
    return environment


def lab_environment(directory: Path) -> dict[str, str]:
    """The variables of `<directory>/env`; its PATH is the lab's tools before that of the time when the lab came up."""
    words = shlex.split((directory / "env").read_text())
    return dict(word.split("=", 1) for word in words if word != "export")


def inside(directory: Path) -> dict[str, str]:
    """The caller's environment with the lab's variables in it: what a command inside is started with."""
    path = os.pathsep.join([*_tool_folders(), os.environ.get("PATH", "")])
    return {**os.environ, **lab_environment(directory), "PATH": path}


def _basics(directory: Path, ssh_user: str) -> dict[str, str]:
    home = directory / "home"  # the provider keeps the PVE nodes' host keys there: not among those of the user's own hosts
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    return {
        "CHECKPOINT_DISABLE": "1",
        "HOME": str(home),
        "STARDOCK_CACHE": str(cache_root()),
        "CURL_CA_BUNDLE": str(directory / "ca.pem"),
        "PATH": os.pathsep.join([*_tool_folders(), os.environ.get("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")]),
        "PROXMOX_VE_API_TOKEN": token(directory),
        "PROXMOX_VE_SSH_PRIVATE_KEY": access_key(directory).read_text(),
        "PROXMOX_VE_SSH_USERNAME": ssh_user,
        "REQUESTS_CA_BUNDLE": str(directory / "ca.pem"),
        "SSL_CERT_FILE": str(directory / "ca.pem"),
        "STARDOCK_LOCK": "write",
        "TERRAFORM_BINARY_NAME": "tofu",
    }


def _tool_folders() -> list[str]:
    """Where tofu and kubectl are."""
    return [str(cache_root() / "tools" / name / "current/bin") for name in ("tofu", "kubernetes")]
