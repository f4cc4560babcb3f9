"""What `runner proxmox-role` prints."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from stardock.estate.role import addon_commands, commands
from stardock.estate.token import TOKEN, default_user
from stardock.model.addons import ProxmoxToken
from stardock.model.plan import Plan
from stardock.plan.views.contract import FORMAT
from stardock.plan.views.privileges import grants, perhaps_vnets
from stardock.workspace.files import find_cluster_file
from stardock.workspace.workspace import open_workspace


def proxmox_role(file: Path | None, user: str | None, form: str) -> None:
    """Print the commands, each grant explained, or the grants by path."""
    plan = open_workspace(find_cluster_file(file)).plan
    who = user or default_user(plan.cluster)
    if form == "json":
        click.echo(
            json.dumps(
                {
                    "format": FORMAT,
                    "user": who,
                    "token": TOKEN,
                    "grants": [asdict(grant) for grant in grants(plan)],
                    "addons": [{"addon": one.name, **asdict(one.token)} for one in plan.addons if one.token],
                },
                indent=2,
            )
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
    for one in plan.addons:
        if one.token:
            _addon(plan, one.name, one.token)


def _addon(plan: Plan, name: str, token: ProxmoxToken) -> None:
    click.echo(f"# For the add-on {name}; the last of these prints the secret that cluster.yaml names a source of.")
    for role in token.roles:
        click.echo(f"#   {role.kind}: {role.what_for}")
    for line in addon_commands(plan, token):
        click.echo(line)
