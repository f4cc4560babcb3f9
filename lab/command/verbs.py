"""`runner lab`: Stardock without Proxmox. Brings a lab up for a cluster file, ends it, and lets commands into its network."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

if TYPE_CHECKING:
    from lab.command.copy import LabPaths

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
def up(file: Path | None, vms: tuple[str, ...]) -> None:
    """Bring the lab of a cluster file up, with all VMs that it had off.

    Works on a copy, build/lab/CLUSTER/cluster.yaml, in which only the endpoint and the addresses of the PVE nodes differ; shows the
    difference. The first lab on a machine builds an image (about a minute); the first with --vm builds one for that VM (some minutes).
    """
    from lab.command.up import bring_up  # noqa: PLC0415 -- pydantic, aiohttp: not for --help

    with _lab_errors():
        bring_up(_source(file), click.echo, vms)


@lab.command()
@_file
@click.option("--delete", is_flag=True, help="Also delete what it wrote: disks, state of the emulated Proxmox, logs.")
def down(file: Path | None, delete: bool) -> None:
    """End the lab and all that runs in it, at once. Again does no harm."""
    from lab import holder  # noqa: PLC0415

    paths = _paths(file)
    with _lab_errors():
        (holder.forget if delete else holder.down)(paths.directory)
    click.echo(f"the lab in {_shown(paths.directory)} is down")


@lab.command()
@_file
def status(file: Path | None) -> None:
    """Show whether the lab runs, and its VMs. Exit code 4 when it does not."""
    paths = _paths(file)
    vms = _power(paths, "list")
    click.echo(f"the lab in {_shown(paths.directory)} is up; its PVE answers at {_endpoint(paths)} inside\n{vms}", nl=False)


@lab.command(context_settings={"ignore_unknown_options": True})
@_file
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def run(file: Path | None, command: tuple[str, ...]) -> None:
    """Run a command inside the lab's network, with the lab's environment: `runner lab run -- kubectl get nodes`.

    Exits with that command's code. STARDOCK_FILE is the lab's copy of the cluster file.
    """
    _become(_paths(file), list(command))


@lab.command()
@_file
@_name
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def ssh(file: Path | None, name: str, command: tuple[str, ...]) -> None:
    """Log in to a machine, or run a command there, as the plan's SSH user."""
    from lab.command.ssh import ssh_command  # noqa: PLC0415

    paths = _paths(file)
    _become(paths, ssh_command(paths, name, command, lambda: _power(paths, "address", name).strip()))


@lab.command()
@_file
@_name
def kill(file: Path | None, name: str) -> None:
    """Cut a machine's power, through the emulated Proxmox."""
    _power(_paths(file), "stop", name)


@lab.command()
@_file
@_name
def start(file: Path | None, name: str) -> None:
    """Switch a machine on again, through the emulated Proxmox."""
    _power(_paths(file), "start", name)


def _source(file: Path | None) -> Path:
    from stardock.workspace.files import find_cluster_file  # noqa: PLC0415

    return find_cluster_file(file)


def _paths(file: Path | None) -> LabPaths:
    from lab.command.copy import lab_paths  # noqa: PLC0415

    return lab_paths(_source(file))


def _shown(path: Path) -> str:
    return os.path.relpath(path)


def _endpoint(paths: LabPaths) -> str:
    from lab import settings_file  # noqa: PLC0415

    return settings_file.load(paths.directory / "settings.json").endpoint


def _inside(paths: LabPaths) -> tuple[list[str], dict[str, str]]:
    """What to put before a command, and its environment."""
    from lab import environment, holder  # noqa: PLC0415

    with _lab_errors():
        return holder.enter(paths.directory), environment.inside(paths.directory)


def _become(paths: LabPaths, command: list[str]) -> NoReturn:
    """Replaces this process: signals, the terminal and the exit code are the command's own."""
    prefix, variables = _inside(paths)
    sys.stdout.flush()
    os.execvpe(prefix[0], [*prefix, "--", *command], variables)  # noqa: S606 -- a program by argument list, as everywhere


def _power(paths: LabPaths, *arguments: str) -> str:
    from stardock.errors import ConditionError  # noqa: PLC0415

    prefix, variables = _inside(paths)
    command = [*prefix, "--", sys.executable, "-m", "lab.machines.power", _endpoint(paths), *arguments]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ConditionError(done.stderr.strip() or "the lab's PVE did not answer", cure=f"its logs are in {_shown(paths.directory)}/log")
    return done.stdout


@contextmanager
def _lab_errors() -> Iterator[None]:
    """The lab knows nothing of Stardock's errors; here its own become one."""
    from lab.errors import LabError  # noqa: PLC0415
    from stardock.errors import ConditionError  # noqa: PLC0415

    try:
        yield
    except LabError as error:
        raise ConditionError(error.message, cure=error.cure) from error
