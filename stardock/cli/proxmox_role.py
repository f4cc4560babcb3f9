"""`runner proxmox-role`: the commands that give a token just what this plan needs. Reads cluster.yaml and its lock, asks nobody."""

from __future__ import annotations

import re
from pathlib import Path

import click

from stardock.cli.told import FILE

#: PVE's format pve-userid, in what a shell and a comment take as it is.
_USER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,62}@[A-Za-z][A-Za-z0-9._-]{1,30}")


def _user(_context: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    if value is not None and not _USER.fullmatch(value):
        raise click.BadParameter(f"{value!r} is not a user of PVE: USER@REALM")
    return value


@click.command("proxmox-role")
@FILE
@click.option("--user", metavar="USER@REALM", callback=_user, help="Who shall have it. [default: stardock-CLUSTER@pve]")
@click.option("--format", "form", type=click.Choice(["shell", "json"]), default="shell", show_default=True, help="json: grants by path.")
@click.option("--prove", is_flag=True, help="For `runner prove` in place of this plan: its pool, and VMs in that and in a range of ids.")
@click.option("--pool", metavar="NAME", help="With --prove: the PVE pool. [default: stardock-prove]")
@click.option("--ids", metavar="FIRST-LAST", help="With --prove: the VM ids. [default: 99000-99031]")
def proxmox_role(*, file: Path | None, user: str | None, form: str, prove: bool, pool: str | None, ids: str | None) -> None:
    """Print the pveum commands that give a token just what this plan needs.

    For root on any PVE node (9.0 or newer); again after an edit of cluster.yaml that adds a PVE node, a datastore, a bridge or a device.
    The last command prints the token's secret, once. Tokens of add-ons that ask Proxmox follow, each with what it needs.
    """
    if (pool or ids) and not prove:
        raise click.UsageError("--pool and --ids go with --prove")
    from stardock.cli import proxmox_role_view  # noqa: PLC0415 -- its work is not for --help

    if prove:
        proxmox_role_view.for_a_proof(file, user, form, pool, ids)
    else:
        proxmox_role_view.proxmox_role(file, user, form)
