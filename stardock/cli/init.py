"""`runner init`: a first cluster.yaml, from options, or from questions where there is a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import click

from stardock.cli.told import FILE, say

if TYPE_CHECKING:
    from stardock.spec.starter import Answers

#: The public key that is taken where none is named: beside the file.
KEY = "id_ed25519.pub"
SINGLE, HA = "single", "ha"
#: Option -> what is asked for, in the order of the questions.
QUESTIONS = {
    "--name": "Name of the cluster, for good (home)",
    "--node": "PVE host, NAME=ADDRESS, called as Proxmox calls it (pve1=192.168.1.10)",
    "--address": "Address with prefix (192.168.1.40/24)",
    "--gateway": "Gateway (192.168.1.1)",
}


@click.command()
@FILE
@click.option(
    "--shape", type=click.Choice([SINGLE, HA]), default=SINGLE, show_default=True, help="ha: load balancers, three servers, an agent."
)
@click.option("--name", default="", metavar="NAME", help="Name of the cluster; never changes.")
@click.option(
    "--node", "nodes", multiple=True, metavar="NAME=ADDRESS", help="A PVE host; may be given again. The first one's API is asked."
)
@click.option(
    "--address", default="", metavar="ADDRESS/PREFIX", help="Of the server, by default DHCP; of shape ha the virtual one: needed."
)
@click.option("--gateway", default="", metavar="ADDRESS", help="Of the machines, and their DNS server; with --address.")
@click.option("--bridge", default="vmbr0", show_default=True, metavar="BRIDGE", help="Bridge of the PVE hosts that machines are on.")
@click.option("--key", type=click.Path(path_type=Path), metavar="FILE", help=f"Your public SSH key. [default: {KEY} beside the file]")
def init(
    *,
    file: Path | None,
    shape: str,
    name: str,
    nodes: tuple[str, ...],
    address: str,
    gateway: str,
    bridge: str,
    key: Path | None,
) -> None:
    """Write a first cluster.yaml, commented; never over one that is there.

    On a terminal it asks for what no option says; elsewhere it says what is missing. Changes nothing on Proxmox and asks it nothing.
    """
    import os  # noqa: PLC0415 -- what follows is not for --help

    from stardock.verbs.initial import write  # noqa: PLC0415 -- pydantic
    from stardock.workspace.files import DEFAULT  # noqa: PLC0415

    path = file or Path(os.environ.get("STARDOCK_FILE") or DEFAULT)
    _refuse_existing(path)
    found = {"--name": name, "--node": " ".join(nodes)} | ({"--address": address, "--gateway": gateway} if shape == HA or address else {})
    said = _completed(found, click.prompt if sys.stdin.isatty() else None)
    machines = write(path, _answers(said, path, key or path.parent / KEY, bridge, ha=shape == HA))
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
    from stardock.errors import RefusedError  # noqa: PLC0415 -- see above

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
    from stardock.spec.starter import Answers  # noqa: PLC0415 -- see above

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
