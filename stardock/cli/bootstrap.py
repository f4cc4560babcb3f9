"""`runner bootstrap`: its options; what it does is `stardock.verbs.bootstrap`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from stardock.cli.told import FILE, keep_bundle, keep_via
from stardock.model.stages import NAMES, chosen


@click.command()
@click.argument("bundle", required=False, type=click.Path(path_type=Path), callback=keep_bundle)
@FILE
@click.option("--stage", "stages", multiple=True, type=click.Choice(NAMES), help="Only this stage; may be given several times.")
@click.option("--from-stage", type=click.Choice(NAMES), metavar="STAGE", help="This stage and all after it.")
@click.option(
    "--private-key",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The SSH key to the machines. [default: what cluster.yaml names, or the SSH agent's]",
)
@click.option("--via", metavar="HOST", callback=keep_via, help="Run Ansible on this machine, user@host:port; it needs Python 3.11 alone.")
@click.option("--check", is_flag=True, help="Ask the machines what would change; change nothing.")
@click.option("--dry-run", is_flag=True, help="Show the stages; ask nobody.")
@click.option("--found-again", default="", metavar="CLUSTER", help="Found a new cluster although there was one: its name, typed.")
@click.option("--accept-new-host-keys", is_flag=True, help="Trust the first SSH answer of machines whose host key is not known.")
@click.option("--timeout", type=int, metavar="SECONDS", help="How long to wait for a machine to answer on ssh. [default: by system]")
@click.option("--ready-timeout", default=900, show_default=True, metavar="SECONDS", help="How long a machine may take to become a member.")
@click.option("--drain-timeout", default=600, show_default=True, metavar="SECONDS", help="How long an agent's pods may take to move.")
@click.option("--new-mesh-key", "mesh_keys", multiple=True, metavar="NAME", help="Make the key of this machine in the mesh anew; several.")
@click.option("--no-snapshot", is_flag=True, help="Change the version without a snapshot of etcd, and restart without counting votes.")
def bootstrap(
    *,
    bundle: Path | None,
    file: Path | None,
    private_key: Path | None,
    via: str | None,
    stages: tuple[str, ...],
    from_stage: str | None,
    check: bool,
    dry_run: bool,
    found_again: str,
    accept_new_host_keys: bool,
    timeout: int | None,
    ready_timeout: int,
    drain_timeout: int,
    mesh_keys: tuple[str, ...],
    no_snapshot: bool,
) -> None:
    """Make a Kubernetes cluster of the machines, and keep it as cluster.yaml says.

    Never talks to Proxmox: addresses and host keys come from `runner discover`, or cluster.yaml. Killed anywhere, the next run continues.

    BUNDLE, a directory or a tar that `runner bundle` wrote, stands for cluster.yaml and all that is beside it.
    """
    if stages and from_stage:
        raise click.UsageError("--stage and --from-stage exclude each other")
    if bundle and file:
        raise click.UsageError("BUNDLE and -f exclude each other: a bundle needs no cluster.yaml")
    from stardock.cli import bootstrap_view  # noqa: PLC0415 -- its work is not for --help

    asked: dict[str, Any] = {
        "private_key": private_key,
        "via": via,
        "dry_run": dry_run,
        "stages": chosen(stages, from_stage),
        "check": check,
        "found_again": found_again,
        "accept_new_host_keys": accept_new_host_keys,
        "timeout": timeout,
        "ready_timeout": ready_timeout,
        "drain_timeout": drain_timeout,
        "mesh_keys": mesh_keys,
        "snapshot": not no_snapshot,
    }
    if bundle:
        bootstrap_view.from_bundle(bundle, **asked)
    else:
        bootstrap_view.bootstrap(file, **asked)
