"""What `runner image` does and says."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from stardock.cli.told import say
from stardock.errors import RefusedError
from stardock.images.pins import Looked
from stardock.plan.views.contract import FORMAT
from stardock.plan.views.wanted_images import Wanted
from stardock.verbs.images import images, look_up_images, write_pins
from stardock.verbs.lock import refuse_frozen
from stardock.workspace.files import find_cluster_file

#: Digits of a digest that a person compares.
SHOWN = len("sha256:") + 16


def pin(file: Path | None, *, upgrade: bool, yes: bool, dry_run: bool) -> None:
    """Look up, show, and write what was confirmed."""
    cluster_file = find_cluster_file(file)
    looked = look_up_images(cluster_file, upgrade=upgrade, today=datetime.now(UTC).date().isoformat())
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


def show(file: Path | None, form: str) -> None:
    """Show images, their pins, and the machines made from each."""
    wanted = images(find_cluster_file(file))
    if form == "json":
        click.echo(json.dumps({"format": FORMAT, "images": [_document(one) for one in wanted]}, indent=2))
        return
    for one in wanted:
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
