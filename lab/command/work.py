"""What `runner lab` does: brings a lab up for a cluster file, ends it, and lets commands into its network."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import click

from lab import environment, holder, settings_file
from lab.command.copy import LabPaths, lab_paths
from lab.command.ssh import ssh_command
from lab.errors import LabError
from lab.settings import Nodes
from stardock.errors import ConditionError
from stardock.workspace.files import find_cluster_file


def up(file: Path | None, vms: tuple[str, ...], nodes: Nodes | None) -> None:
    """Bring the lab up."""
    from lab.command.up import bring_up  # noqa: PLC0415 -- aiohttp: only for `up`

    with _lab_errors():
        bring_up(find_cluster_file(file), click.echo, vms, nodes)


def down(file: Path | None, *, delete: bool) -> None:
    """End the lab, and delete what it wrote where that is asked for."""
    paths = _paths(file)
    with _lab_errors():
        (holder.forget if delete else holder.down)(paths.directory)
    click.echo(f"the lab in {_shown(paths.directory)} is down")


def status(file: Path | None) -> None:
    """Show the lab and its VMs."""
    paths = _paths(file)
    vms = _power(paths, "list")
    click.echo(f"the lab in {_shown(paths.directory)} is up; its PVE answers at {_endpoint(paths)} inside\n{vms}", nl=False)


def run(file: Path | None, command: tuple[str, ...]) -> NoReturn:
    """Become that command, inside the lab's network."""
    _become(_paths(file), list(command))


def ssh(file: Path | None, name: str, command: tuple[str, ...]) -> NoReturn:
    """Become an ssh to that machine."""
    paths = _paths(file)
    _become(paths, ssh_command(paths, name, command, lambda: _power(paths, "address", name).strip()))


def power(file: Path | None, action: str, name: str) -> None:
    """Stop or start a machine."""
    _power(_paths(file), action, name)


def _paths(file: Path | None) -> LabPaths:
    return lab_paths(find_cluster_file(file))


def _shown(path: Path) -> str:
    return os.path.relpath(path)


def _endpoint(paths: LabPaths) -> str:
    return settings_file.load(paths.directory / "settings.json").endpoint


def _inside(paths: LabPaths) -> tuple[list[str], dict[str, str]]:
    """What to put before a command, and its environment."""
    with _lab_errors():
        return holder.enter(paths.directory), environment.inside(paths.directory)


def _become(paths: LabPaths, command: list[str]) -> NoReturn:
    """Replaces this process: signals, the terminal and the exit code are the command's own."""
    prefix, variables = _inside(paths)
    sys.stdout.flush()
    os.execvpe(prefix[0], [*prefix, "--", *command], variables)  # noqa: S606 -- a program by argument list, as everywhere


def _power(paths: LabPaths, *arguments: str) -> str:
    prefix, variables = _inside(paths)
    command = [*prefix, "--", sys.executable, "-m", "lab.machines.power", _endpoint(paths), *arguments]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ConditionError(done.stderr.strip() or "the lab's PVE did not answer", cure=f"its logs are in {_shown(paths.directory)}/log")
    return done.stdout


@contextmanager
def _lab_errors() -> Iterator[None]:
    """The lab knows nothing of Stardock's errors; here its own become one."""
    try:
        yield
    except LabError as error:
        raise ConditionError(error.message, cure=error.cure) from error
