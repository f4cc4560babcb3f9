"""`runner machine`: one machine's power and console, through Proxmox."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from stardock.cli.completion import machines
from stardock.cli.subcommands import Subcommands
from stardock.cli.told import FILE

NAME = click.argument("name", shell_complete=machines)
DRY_RUN = click.option("--dry-run", is_flag=True, help="Show what would be done; do nothing.")
YES = click.option("-y", "--yes", is_flag=True, help="Do it without asking.")
STANDSTILL = click.option("--accept-standstill", is_flag=True, help="Though etcd needs this server, and the cluster then stands still.")
READY = click.option(
    "--ready-timeout",
    type=click.IntRange(1),
    default=300,
    show_default=True,
    metavar="SECONDS",
    help="How long its Node may take to be Ready.",
)


def _drain(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of what moves pods away first."""
    wait = click.option(
        "--drain-timeout",
        type=click.IntRange(1),
        default=300,
        show_default=True,
        metavar="SECONDS",
        help="How long its pods may take to move.",
    )
    return wait(click.option("--no-drain", is_flag=True, help="Leave its pods where they are.")(command))


@click.group(cls=Subcommands)
def machine() -> None:
    """Look at machines, switch them on and off, reset one that hangs, and read what it prints."""


@machine.command()
@click.argument("names", nargs=-1, metavar="[NAME]...", shell_complete=machines)
@FILE
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="json: docs/how-to/a-hung-machine.md.",
)
@click.option("--proxmox-only", is_flag=True, help="Do not ask Kubernetes, which takes some seconds.")
@click.pass_context
def status(ctx: click.Context, names: tuple[str, ...], file: Path | None, form: str, *, proxmox_only: bool) -> None:
    """Show power, place, agent and Node of machines; changes nothing.

    Exit code 0: all run; 2: one does not; 4: of one that is not known, and the others run.
    """
    from stardock.cli import machine_view  # noqa: PLC0415 -- its work is not for --help

    ctx.exit(machine_view.status(file, names, form, kubernetes=not proxmox_only))


@machine.command()
@NAME
@FILE
@READY
@DRY_RUN
def start(name: str, file: Path | None, ready_timeout: int, *, dry_run: bool) -> None:
    """Switch NAME on, and wait until its Node is Ready.

    Its guest agent must answer first. A cordon that `stop` or `reset` set is taken back, and no other. What runs already is only waited
    for.
    """
    from stardock.cli import machine_view  # noqa: PLC0415 -- its work is not for --help

    machine_view.start(file, name, ready_timeout=ready_timeout, dry_run=dry_run)


@machine.command()
@NAME
@FILE
@_drain
@click.option(
    "--timeout", type=click.IntRange(0), default=180, show_default=True, metavar="SECONDS", help="How long its guest may take to shut down."
)
@click.option("--force", is_flag=True, help="Then cut its power (`--timeout 0`: at once).")
@STANDSTILL
@DRY_RUN
@YES
def stop(name: str, file: Path | None, **asked: Any) -> None:
    """Move the pods of NAME away, and have its guest shut down.

    Pods move within their disruption budgets; one that does not move in time stops this, and nothing is switched off. A server that etcd
    needs is refused.
    """
    from stardock.cli import machine_view  # noqa: PLC0415 -- its work is not for --help

    machine_view.stop(file, name, **asked)


@machine.command()
@NAME
@FILE
@_drain
@READY
@STANDSTILL
@DRY_RUN
@YES
def reset(name: str, file: Path | None, **asked: Any) -> None:
    """Press the reset button of NAME, which hangs; then as `start`.

    Its pods are moved away first where it still answers.
    """
    from stardock.cli import machine_view  # noqa: PLC0415 -- its work is not for --help

    machine_view.reset(file, name, **asked)


@machine.command()
@NAME
@FILE
@click.option("--seconds", type=click.FloatRange(0), metavar="SECONDS", help="End by itself after that time. [default: Ctrl-C ends it]")
def console(name: str, file: Path | None, seconds: float | None) -> None:
    """Show what NAME prints on its serial console from now on.

    Nothing is sent to the machine, and nothing that it prints is obeyed: escape sequences are left out.
    """
    from stardock.cli import machine_view  # noqa: PLC0415 -- its work is not for --help

    machine_view.console(file, name, seconds)
