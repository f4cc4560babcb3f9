"""`runner proxmox-role`: the commands that give a token just what this plan needs. Reads cluster.yaml and its lock, asks nobody."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
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
def proxmox_role(file: Path | None, user: str | None, form: str) -> None:
    """Print the pveum commands that give a token just what this plan needs.

    For root on any PVE node (9.0 or newer); again after an edit of cluster.yaml that adds a PVE node, a datastore, a bridge or a device.
    The last command prints the token's secret, once.
    """
    from stardock.estate.role import commands  # noqa: PLC0415 -- pydantic: not for --help
    from stardock.estate.token import TOKEN, default_user  # noqa: PLC0415
    from stardock.plan.views.contract import FORMAT  # noqa: PLC0415
    from stardock.plan.views.privileges import grants, perhaps_vnets  # noqa: PLC0415
    from stardock.workspace.files import find_cluster_file  # noqa: PLC0415
    from stardock.workspace.workspace import open_workspace  # noqa: PLC0415

    plan = open_workspace(find_cluster_file(file)).plan
    who = user or default_user(plan.cluster)
    if form == "json":
        click.echo(
            json.dumps({"format": FORMAT, "user": who, "token": TOKEN, "grants": [asdict(grant) for grant in grants(plan)]}, indent=2)
        )
        return
    click.echo(f"# What the cluster {plan.cluster} needs of Proxmox, and no more; for root on any PVE node.")
    for grant in grants(plan):
        click.echo(f"#   {grant.kind}: {grant.what_for}")
    for name in perhaps_vnets(plan):
        click.echo(f"# {name}: as a bridge of the PVE nodes. Is it a vnet of SDN? Then write `zone: NAME` beside `bridge: {name}` first,")
        click.echo("#   as `pvesh get /cluster/sdn/vnets` says it, and run this again.")
    for line in commands(plan, who):
        click.echo(line)
    click.echo(f"# The last command prints the secret, once: export PROXMOX_VE_API_TOKEN='{who}!{TOKEN}=SECRET'")
