"""`runner lock`: the three things that a person may tell the lock."""

from __future__ import annotations

from pathlib import Path

import click

from stardock.cli.completion import machines, retired
from stardock.cli.subcommands import Subcommands
from stardock.cli.told import FILE, say

DRY_RUN = click.option("--dry-run", is_flag=True, help="Say what would change; write nothing.")


@click.group(cls=Subcommands)
def lock() -> None:
    """Accept or forget what the lock holds for a name; keep what memory the PVE nodes have."""


@lock.command()
@click.argument("name", shell_complete=machines)
@FILE
@DRY_RUN
def accept(name: str, file: Path | None, dry_run: bool) -> None:
    """Take what cluster.yaml wants of the machine NAME.

    The lock then has those values. Nothing happens to the machine: `runner deploy --replace NAME` then makes it so.
    """
    from stardock.verbs.lock import accept as accepted  # noqa: PLC0415 -- pydantic: not for --help
    from stardock.workspace.files import find_cluster_file  # noqa: PLC0415

    for change in accepted(find_cluster_file(file), name, dry_run=dry_run):
        say(f"{change.machine}: {change.field}: {change.old} -> {change.new}")
    say(_done(dry_run=dry_run))
    say(f"next: runner deploy --replace {name} (without --replace only where Proxmox migrated it there already)")


@lock.command()
@click.argument("name", shell_complete=retired)
@FILE
@DRY_RUN
def forget(name: str, file: Path | None, dry_run: bool) -> None:
    """Free the VM id and addresses of the removed machine NAME."""
    from stardock.plan.allocation.claims import static_addresses  # noqa: PLC0415 -- see below
    from stardock.verbs.lock import forget as forgotten  # noqa: PLC0415 -- pydantic: not for --help
    from stardock.workspace.files import find_cluster_file  # noqa: PLC0415

    record = forgotten(find_cluster_file(file), name, dry_run=dry_run)
    addresses = [address for nic in record.interfaces for address in static_addresses(nic)]
    say(f"{name}: free again: {', '.join((f'VM id {record.vm_id}', *addresses))}")
    say(_done(dry_run=dry_run))


@lock.command()
@FILE
@DRY_RUN
def memory(file: Path | None, dry_run: bool) -> None:
    """Read from Proxmox what memory each PVE node has.

    Placement respects it from then on. Where `proxmox.nodes` says `memory`, that holds, and nothing is kept. No machine moves.
    """
    from stardock.plan.rules.placement import gibibytes  # noqa: PLC0415 -- see below
    from stardock.verbs.lock import keep_memory  # noqa: PLC0415 -- pydantic: not for --help
    from stardock.workspace.files import find_cluster_file  # noqa: PLC0415

    read = keep_memory(find_cluster_file(file), dry_run=dry_run)
    for name, mib in read.after.items():
        before = read.before.get(name, mib)
        say(f"{name}: {gibibytes(mib)}" + (f" (was {gibibytes(before)})" if before != mib else ""))
    for name in read.said:
        say(f"{name}: as cluster.yaml says")
    for name in read.silent:
        say(f"{name}: Proxmox does not say; is it up, and has the token Sys.Audit on /nodes/{name}?", err=True)
    say(_done(dry_run=dry_run) if read.after != read.before else "the lock holds that already")


def _done(*, dry_run: bool) -> str:
    return "nothing was written (--dry-run)" if dry_run else "the lock was written; commit it"
