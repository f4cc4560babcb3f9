"""What `runner lock` does and says."""

from __future__ import annotations

from pathlib import Path

from stardock.cli.told import say
from stardock.plan.rules.placement import gibibytes
from stardock.verbs.lock import accept as accepted
from stardock.verbs.lock import forget as forgotten
from stardock.verbs.lock import keep_channel, keep_memory
from stardock.workspace.files import find_cluster_file


def accept(name: str, file: Path | None, *, dry_run: bool) -> None:
    """Accept, and say what changed and what comes next."""
    for change in accepted(find_cluster_file(file), name, dry_run=dry_run):
        say(f"{change.machine}: {change.field}: {change.old} -> {change.new}")
    say(_done(dry_run=dry_run))
    say(f"next: runner deploy --replace {name} (without --replace only where Proxmox migrated it there already)")


def forget(name: str, file: Path | None, *, dry_run: bool) -> None:
    """Forget, and say what is free."""
    say(f"{name}: free again: {', '.join(forgotten(find_cluster_file(file), name, dry_run=dry_run))}")
    say(_done(dry_run=dry_run))


def memory(file: Path | None, *, dry_run: bool) -> None:
    """Read and keep, and say what each PVE node has."""
    read = keep_memory(find_cluster_file(file), dry_run=dry_run)
    for name, mib in read.after.items():
        before = read.before.get(name, mib)
        say(f"{name}: {gibibytes(mib)}" + (f" (was {gibibytes(before)})" if before != mib else ""))
    for name in read.said:
        say(f"{name}: as cluster.yaml says")
    for name in read.silent:
        say(f"{name}: Proxmox does not say; is it up, and has the token Sys.Audit on /nodes/{name}?", err=True)
    say(_done(dry_run=dry_run) if read.after != read.before else "the lock holds that already")


def channel(file: Path | None, url: str | None, *, dry_run: bool) -> None:
    """Ask and keep, and say which release it is."""
    read = keep_channel(find_cluster_file(file), url, dry_run=dry_run)
    say(f"{read.channel}: {read.after}" + (f" (was {read.before})" if read.before not in (None, read.after) else ""))
    say(_done(dry_run=dry_run) if read.after != read.before else "the lock holds that already")
    if read.before not in (None, read.after):
        say("next: runner plan, which says whether the cluster may go there")


def _done(*, dry_run: bool) -> str:
    return "nothing was written (--dry-run)" if dry_run else "the lock was written; commit it"
