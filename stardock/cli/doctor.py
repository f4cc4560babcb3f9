"""`runner doctor`: look at the estate, judge, show. Reads only; exit code 4 when there is a problem."""

from __future__ import annotations

from pathlib import Path

import click

from stardock.cli.told import FILE


@click.command()
@FILE
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True, help="json: docs/doctor.md.")
@click.pass_context
def doctor(ctx: click.Context, file: Path | None, form: str) -> None:
    """Check that Proxmox and this machine are as the plan needs them.

    Asks Proxmox, tries the PVE nodes' SSH and the addresses of machines that do not exist yet, and changes nothing. Each fault comes with
    its cause and the command that cures it. Exit code 0: no problem (warnings are none), 4: at least one.
    """
    from stardock.cli import doctor_view  # noqa: PLC0415 -- its work is not for --help

    ctx.exit(doctor_view.doctor(file, form))
