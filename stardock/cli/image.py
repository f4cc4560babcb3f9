"""`runner image`: which image new machines get, and which the others have."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from stardock.cli.subcommands import Subcommands
from stardock.cli.told import FILE, say

if TYPE_CHECKING:
    from stardock.verbs.images import Looked, Wanted

#: Digits of a digest that a person compares.
SHOWN = len("sha256:") + 16


@click.group(cls=Subcommands)
def image() -> None:
    """Pin the images of new machines, and show which machine has which."""


@image.command()
@FILE
@click.option("--upgrade", is_flag=True, help="Look up again what is pinned already; asks before it writes.")
@click.option(
    "-y",
    "--yes",
    is_flag=True,
    help="With --upgrade: write without asking. With neither this nor a terminal, it is only shown.",
)
@click.option("--dry-run", is_flag=True, help="Show what would be pinned; write nothing.")
def pin(file: Path | None, upgrade: bool, yes: bool, dry_run: bool) -> None:
    """Write into the lock which content the images of new machines have.

    Reads the publisher's checksum file (SHA256SUMS, SHA512SUMS, *.sha256), or computes the checksum of a local file. PVE nodes verify what
    they download by it. Machines that exist keep their image, whatever is pinned.
    """
    from datetime import UTC, datetime  # noqa: PLC0415 -- as all below: not for --help

    from stardock.errors import RefusedError  # noqa: PLC0415
    from stardock.verbs.images import look_up, write_pins  # noqa: PLC0415
    from stardock.verbs.lock import refuse_frozen  # noqa: PLC0415
    from stardock.workspace.files import find_cluster_file  # noqa: PLC0415

    cluster_file = find_cluster_file(file)
    looked = look_up(cluster_file, upgrade=upgrade, today=datetime.now(UTC).date().isoformat())
    for one in looked:
        say("\n".join(_lines(one)))
    if not any(one.changed for one in looked):
        say("nothing to pin")
        return
    if dry_run:
        say("nothing was written (--dry-run)")
        return
    refuse_frozen()
    if upgrade and not yes and not (sys.stdin.isatty() and click.confirm("Pin these for new machines?")):
        raise RefusedError("not confirmed; nothing was written", cure="--yes writes it")
    write_pins(cluster_file, looked)
    say("the lock was written; commit it")


def _lines(one: Looked) -> list[str]:
    wanted, after = one.wanted, one.after
    lines = [f"{wanted.source} ({wanted.image.system}; {', '.join(wanted.pools)})"]
    if after is None:
        return [*lines, f"  {_short(wanted.image.checksum)}: cluster.yaml says so"]
    before = wanted.pin
    if not one.changed:
        return [*lines, f"  {_short(after.checksum)}: pinned since {after.date}"]
    origin = after.checksum_url or "computed here"
    lines.append(f"  {_short(before.checksum) if before else 'not pinned'} -> {_short(after.checksum)} ({origin})")
    lines += [f"  the publisher calls it {after.published}"] if after.published else []
    kept = [name for checksum, names in wanted.machines.items() if checksum != after.checksum for name in names]
    return [*lines, f"  for new machines only; these keep what they were made from: {', '.join(kept)}"] if kept else lines


def _short(checksum: str | None) -> str:
    return "not pinned" if checksum is None else checksum[:SHOWN] + "..."


@image.command(name="list")
@FILE
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def show(file: Path | None, form: str) -> None:
    """Show images, their pins, and the machines made from each."""
    from stardock.plan.views.contract import FORMAT  # noqa: PLC0415
    from stardock.verbs.images import wanted_images  # noqa: PLC0415
    from stardock.workspace.files import find_cluster_file  # noqa: PLC0415

    images = wanted_images(find_cluster_file(file))
    if form == "json":
        click.echo(json.dumps({"format": FORMAT, "images": [_document(one) for one in images]}, indent=2))
        return
    for one in images:
        dated = f", pinned {one.pin.date}" if one.pin and not one.image.checksum else ""
        say(f"{one.source} ({one.image.system}; {', '.join(one.pools)})\n  new machines: {_short(one.checksum)}{dated}")
        for checksum, names in one.machines.items():
            say(f"  {_short(checksum)}: {', '.join(names)}")


def _document(one: Wanted) -> dict[str, Any]:
    pinned = one.pin
    return {
        "source": one.source,
        "system": one.image.system,
        "pools": list(one.pools),
        "checksum": one.checksum,
        "pinned": pinned and {"checksum": pinned.checksum, "date": pinned.date, "checksum_url": pinned.checksum_url},
        "machines": [{"checksum": checksum, "names": list(names)} for checksum, names in one.machines.items()],
    }
