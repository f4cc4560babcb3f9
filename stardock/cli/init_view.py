"""What `runner init` asks, writes and says."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from shlex import quote

import click

from stardock.cli.told import say
from stardock.errors import RefusedError
from stardock.spec.starter import Answers
from stardock.verbs.initial import write
from stardock.workspace.files import DEFAULT

#: Option -> what is asked for, in the order of the questions.
QUESTIONS = {
    "--name": "Name of the cluster, for good (home)",
    "--node": "PVE host, NAME=ADDRESS, called as Proxmox calls it (pve1=192.168.1.10)",
    "--address": "Address with prefix (192.168.1.40/24)",
    "--gateway": "Gateway (192.168.1.1)",
}


def init(file: Path | None, found: dict[str, str], bridge: str, *, key: Path | None, beside: str, ha: bool) -> None:
    """Ask for what is missing, and write the file; `beside`: the public key beside the file, where none is named."""
    path = file or Path(os.environ.get("STARDOCK_FILE") or DEFAULT)
    _refuse_existing(path)
    said = _completed(found, click.prompt if sys.stdin.isatty() else None)
    machines = write(path, _answers(said, path, key or path.parent / beside, bridge, ha=ha))
    first = _nodes(said["--node"])[0][1]
    say(f"{path}: written; {machines} machine{'' if machines == 1 else 's'}. It is yours to edit: docs/cluster-yaml.md has every key.")
    say("\n".join(("next:", *(f"  {command}" for command in _next(first)))))


def _next(host: str) -> tuple[str, ...]:
    """A command a line, to be copied as it is."""
    return (
        "runner plan  # machines, VM ids, addresses; asks nobody, writes nothing",
        f"runner proxmox-role | ssh root@{quote(host)} sh  # a token",
        "export PROXMOX_VE_API_TOKEN=...  # as its last line says",
        "runner doctor  # is Proxmox ready",
        "runner deploy  # the VMs",
        "runner bootstrap  # Kubernetes",
    )


def _refuse_existing(path: Path) -> None:
    if path.exists() or path.is_symlink():
        raise RefusedError(f"{path} is there already, and is not written over", cure="edit it, or name another with -f FILE")


def _completed(found: dict[str, str], ask: Callable[[str], str] | None) -> dict[str, str]:
    """Everything that is needed. `UsageError` with all that is missing where nobody can be asked."""
    missing = [option for option, value in found.items() if not value]
    if missing and ask is None:
        wanted = "\n".join(f"  {option}: {QUESTIONS[option]}" for option in missing)
        such = " ".join(f"{option} {QUESTIONS[option].rpartition('(')[2].rstrip(')')}" for option in missing)
        raise click.UsageError(f"there is no terminal to ask on; missing:\n{wanted}\nsuch as: {such}")
    return found | {option: ask(QUESTIONS[option]) for option in missing if ask}


def _answers(said: dict[str, str], path: Path, key: Path, bridge: str, *, ha: bool) -> Answers:
    private = key.with_suffix("") if key.suffix == ".pub" else None
    return Answers(
        cluster=said["--name"],
        nodes=dict(_nodes(said["--node"])),
        key=_from(path, key),
        private_key=_from(path, private) if private and private.is_file() else "",
        address=said.get("--address", ""),
        gateway=said.get("--gateway", ""),
        bridge=bridge,
        ha=ha,
    )


def _nodes(text: str) -> list[tuple[str, str]]:
    """(name, address) of each. `UsageError` for one without an address."""
    pairs = [word.partition("=") for word in text.split()]
    wrong = [name for name, _, address in pairs if not name or not address]
    if wrong:
        raise click.UsageError(f"--node {wrong[0]}: write NAME=ADDRESS, the address where the host's SSH answers: pve1=192.168.1.10")
    return [(name, address) for name, _, address in pairs]


def _from(path: Path, named: Path) -> str:
    """As cluster.yaml has it: from its own folder where it is in there, else whole."""
    folder, whole = path.parent.resolve(), named.expanduser().resolve()
    return str(whole.relative_to(folder)) if whole.is_relative_to(folder) else str(whole)
