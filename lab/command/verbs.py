"""`runner lab`: Stardock without Proxmox. Its options; what it does is `lab.command.work`."""

from __future__ import annotations

from pathlib import Path

import click

from lab.settings import Nodes

_file = click.option(
    "-f",
    "--file",
    type=click.Path(path_type=Path),
    help="The cluster file, yours or the lab's copy. [default: $STARDOCK_FILE or ./cluster.yaml]",
)
_name = click.argument("name")


@click.group()
def lab() -> None:
    """Stardock without Proxmox: an emulated estate on this machine.

    A lab is an emulated Proxmox whose VMs are systemd-nspawn machines, or real ones where asked for, all in namespaces of its own: nothing
    of it can be reached from outside, and nothing in it reaches out but for Debian packages. It needs root. docs/lab.md says what differs
    from real VMs.
    """


@lab.command()
@_file
@click.option("--vm", "vms", multiple=True, metavar="NAME", help="A machine that is a VM in QEMU, as PVE runs it. Repeatable; Debian only.")
@click.option(
    "--nodes",
    type=click.Choice(["real", "emulated"]),
    help="Whether machines run pods. Default: real for up to 20 machines, where what they need is built (`tools/setup nodes`).",
)
def up(file: Path | None, vms: tuple[str, ...], nodes: Nodes | None) -> None:
    """Bring the lab of a cluster file up, with all VMs that it had off.

    Works on a copy, build/lab/CLUSTER/cluster.yaml, in which only the endpoint and the addresses of the PVE nodes differ; shows the
    difference. The first lab on a machine builds an image (about a minute); the first with --vm builds one for that VM (some minutes).
    """
    from lab.command import work  # noqa: PLC0415 -- its work is not for --help

    work.up(file, vms, nodes)


@lab.command()
@_file
@click.option("--delete", is_flag=True, help="Also delete what it wrote: disks, state of the emulated Proxmox, logs.")
def down(file: Path | None, delete: bool) -> None:
    """End the lab and all that runs in it, at once. Again does no harm."""
    from lab.command import work  # noqa: PLC0415 -- its work is not for --help

    work.down(file, delete=delete)


@lab.command()
@_file
def status(file: Path | None) -> None:
    """Show whether the lab runs, and its VMs. Exit code 4 when it does not."""
    from lab.command import work  # noqa: PLC0415 -- its work is not for --help

    work.status(file)


@lab.command(context_settings={"ignore_unknown_options": True})
@_file
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def run(file: Path | None, command: tuple[str, ...]) -> None:
    """Run a command inside the lab's network, with the lab's environment: `runner lab run -- kubectl get nodes`.

    Exits with that command's code. STARDOCK_FILE is the lab's copy of the cluster file.
    """
    from lab.command import work  # noqa: PLC0415 -- its work is not for --help

    work.run(file, command)


@lab.command()
@_file
@_name
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def ssh(file: Path | None, name: str, command: tuple[str, ...]) -> None:
    """Log in to a machine, or run a command there, as the plan's SSH user."""
    from lab.command import work  # noqa: PLC0415 -- its work is not for --help

    work.ssh(file, name, command)


@lab.command()
@_file
@_name
def kill(file: Path | None, name: str) -> None:
    """Cut a machine's power, through the emulated Proxmox."""
    from lab.command import work  # noqa: PLC0415 -- its work is not for --help

    work.power(file, "stop", name)


@lab.command()
@_file
@_name
def start(file: Path | None, name: str) -> None:
    """Switch a machine on again, through the emulated Proxmox."""
    from lab.command import work  # noqa: PLC0415 -- its work is not for --help

    work.power(file, "start", name)
