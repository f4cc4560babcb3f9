"""What `runner proxmox-role` prints."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from shlex import quote

import click

from stardock.estate.role import addon_commands, commands
from stardock.estate.token import TOKEN, default_user
from stardock.model.addons import ProxmoxToken
from stardock.model.plan import Plan
from stardock.plan.views.contract import FORMAT
from stardock.plan.views.privileges import Grant, grants, perhaps_vnets
from stardock.prove.plans import role_plan
from stardock.prove.role import proof_grants
from stardock.prove.scope import IDS, POOL, ROLES, Scope, parse_ids
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
    _explained(plan, grants(plan))
    for line in commands(plan, who):
        click.echo(line)
    click.echo(_LAST.format(who=who, token=TOKEN))
    for one in plan.addons:
        if one.token:
            _addon(plan, one.name, one.token)


def for_a_proof(file: Path | None, user: str | None, form: str, pool: str | None, ids: str | None) -> None:
    """Print the same for `runner prove`: a pool, and a token that may touch VMs in it and a range of ids."""
    try:
        scope = Scope(ROLES, pool or POOL, *parse_ids(ids or IDS))
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--ids") from None
    plan, who = role_plan(find_cluster_file(file), scope), user or default_user(ROLES)
    given = proof_grants(plan, scope)
    if form == "json":
        told = {"format": FORMAT, "user": who, "token": TOKEN, "pool": scope.pool, "grants": [asdict(grant) for grant in given]}
        click.echo(json.dumps(told, indent=2))
        return
    click.echo(f"# What `runner prove` needs of Proxmox: VMs in the pool {scope.pool} with ids {scope.first}-{scope.last}.")
    click.echo("# For root on any PVE node, and again before a second proof.")
    click.echo("# PVE grants a datastore whole: this token could delete other images and snippets on those that it names.")
    _explained(plan, given)
    click.echo(f"pveum pool add {quote(scope.pool)} || true")
    for line in commands(plan, who, given):
        click.echo(line)
    click.echo(_LAST.format(who=who, token=TOKEN))


def _explained(plan: Plan, given: tuple[Grant, ...]) -> None:
    for grant in given:
        click.echo(f"#   {grant.kind}: {grant.what_for}")
    for name in perhaps_vnets(plan):
        click.echo(f"# {name}: as a bridge of the PVE nodes. Is it a vnet of SDN? Then write `zone: NAME` beside `bridge: {name}` first,")
        click.echo("#   as `pvesh get /cluster/sdn/vnets` says it, and run this again.")


_LAST = "# The last command prints the secret, once: export PROXMOX_VE_API_TOKEN='{who}!{token}=SECRET'"


def _addon(plan: Plan, name: str, token: ProxmoxToken) -> None:
    click.echo(f"# For the add-on {name}; the last of these prints the secret that cluster.yaml names a source of.")
    for role in token.roles:
        click.echo(f"#   {role.kind}: {role.what_for}")
    for line in addon_commands(plan, token):
        click.echo(line)
