"""`runner discover`: its options; what it does is `stardock.verbs.discover`."""

from __future__ import annotations

from pathlib import Path

import click

from stardock.cli.told import FILE, say


@click.command()
@FILE
@click.option("--timeout", type=float, metavar="SECONDS", help="How long to wait for silent machines. [default: by system]")
@click.option("--dry-run", is_flag=True, help="Show the step; do nothing.")
def discover(file: Path | None, timeout: float | None, dry_run: bool) -> None:
    """Read addresses and SSH host keys of the machines through Proxmox.

    Asks every machine's guest agent over the PVE API and writes the facts and known_hosts beside the cluster file. Needs the API token.
    """
    from stardock.estate.connection import Estate  # noqa: PLC0415 -- requests: not for --help
    from stardock.step import Step, show  # noqa: PLC0415
    from stardock.verbs.discover import ANSWER_SECONDS, patience  # noqa: PLC0415
    from stardock.verbs.discover import discover as look  # noqa: PLC0415
    from stardock.workspace.files import find_cluster_file  # noqa: PLC0415
    from stardock.workspace.run_lock import only_run  # noqa: PLC0415
    from stardock.workspace.workspace import open_workspace  # noqa: PLC0415

    cluster_file = find_cluster_file(file)
    where = open_workspace(cluster_file)

    seconds = patience(where.plan) if timeout is None else timeout

    def read_facts() -> None:
        Estate.from_environment(where.plan.proxmox).check()
        estate = Estate.from_environment(where.plan.proxmox, seconds=ANSWER_SECONDS)
        with only_run(where.files.run_lock, say):
            look(open_workspace(cluster_file), estate, say, seconds)  # again: a run that just ended may have changed the facts

    step = Step(
        "discover",
        f"ask every machine through {where.plan.proxmox.endpoint or 'PROXMOX_VE_ENDPOINT'}, waiting up to {seconds:g} s",
        read_facts,
    )
    if dry_run:
        show([step], say)
    else:
        say(f"{step.name}: {step.what}")
        step.run()
