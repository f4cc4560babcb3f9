"""`runner prove`: its options; what it does is `stardock.prove.proof`."""

from __future__ import annotations

from pathlib import Path

import click

from stardock.cli.told import FILE


@click.command()
@FILE
@click.option("--system", "systems", multiple=True, metavar="NAME", help="Operating system to prove; may be given again. [default: debian]")
@click.option("--distribution", "distributions", multiple=True, metavar="NAME", help="Make a cluster of it, too; may be given again.")
@click.option("--vip", metavar="ADDRESS", help="With it: an IPv4 address there that nobody has, for two load balancers.")
@click.option("--pool", metavar="NAME", help="PVE pool, which must be there. [default: stardock-prove]")
@click.option("--ids", metavar="FIRST-LAST", help="VM ids that it may use. [default: 99000-99031]")
@click.option("--check", "only", multiple=True, metavar="NAME", help="This check alone, and what it needs; may be given again.")
@click.option("--keep", is_flag=True, help="Leave the last machines for you to look at.")
@click.option("--clean", is_flag=True, help="Remove what an earlier proof left: after a kill, or --keep.")
@click.option("--report", is_flag=True, help="Say what the last proof found, and where to send it.")
@click.option("--dry-run", is_flag=True, help="Show the steps and what they need; do nothing.")
@click.option("-y", "--yes", is_flag=True, help="Do it without asking.")
@click.pass_context
def prove(
    ctx: click.Context,
    *,
    file: Path | None,
    systems: tuple[str, ...],
    distributions: tuple[str, ...],
    vip: str | None,
    pool: str | None,
    ids: str | None,
    only: tuple[str, ...],
    keep: bool,
    clean: bool,
    report: bool,
    dry_run: bool,
    yes: bool,
) -> None:
    """Prove Stardock on your Proxmox: machines of its own, checked, and removed.

    Of the cluster file it takes `proxmox` and the first NIC of servers, whose bridge must have DHCP; no machine of yours is looked at or
    touched. Exit code 0: no check failed; 2: one did. Killed at any moment, `--clean` removes what it made.
    """
    if sum((clean, report)) + bool(keep or systems or distributions or only) > 1:
        raise click.UsageError("--clean and --report go alone", ctx)
    if vip and not distributions:
        raise click.UsageError("--vip goes with --distribution", ctx)
    from stardock.cli import prove_view  # noqa: PLC0415 -- its work is not for --help

    if report:
        prove_view.report(file)
    elif clean:
        prove_view.clean(file, dry_run=dry_run, yes=yes)
    else:
        ctx.exit(
            prove_view.prove(file, systems, distributions, vip=vip, pool=pool, ids=ids, only=only, keep=keep, dry_run=dry_run, yes=yes)
        )
