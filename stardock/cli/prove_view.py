"""What `runner prove` says."""

from __future__ import annotations

import datetime
import ipaddress
import os
import sys
from collections.abc import Callable, Collection
from pathlib import Path
from typing import IO, Any

import click

from stardock.cli.screen import row
from stardock.cli.told import say
from stardock.cli.version_view import versions
from stardock.distributions import DISTRIBUTIONS
from stardock.prove import clean as cleaning
from stardock.prove import journal, proof
from stardock.prove import report as reports
from stardock.prove.check import Outcome
from stardock.prove.checks import CHECKS, CLUSTER_CHECKS
from stardock.prove.names import names_of
from stardock.prove.place import Place, alone, place_of
from stardock.prove.redact import Redactor
from stardock.prove.scope import IDS, POOL, parse_ids
from stardock.prove.things import Vm, Volume
from stardock.step import Say, show
from stardock.systems import SYSTEMS
from stardock.workspace.files import find_cluster_file
from stardock.writing import open_in_place

FAILED = 2
NOTHING_LEFT = "nothing is left of a proof"
#: Where a report goes: docs/how-to/prove.md says the same.
SEND = "an issue of Stardock's repository, with the folder as an archive; or a change that adds its report.json to proofs/"

EMULATED = "it was made on Stardock's own emulated Proxmox, and proves nothing of a real one: nobody wants it sent"


def prove(file: Path | None, systems: tuple[str, ...], distributions: tuple[str, ...], **how: Any) -> int:
    """Prove, or show the steps; the exit code. `how`: the other options as the command has them."""
    asked = proof.Asked(
        file=find_cluster_file(file),
        systems=_known(systems, SYSTEMS, "--system") or ("debian",),
        distributions=_known(distributions, DISTRIBUTIONS, "--distribution"),
        vip=_address(how["vip"]),
        pool=how["pool"] or POOL,
        ids=_ids(how["ids"]),
        only=_checks(how["only"], clusters=bool(distributions)),
        keep=how["keep"],
        confirm=_confirm(yes=how["yes"]),
    )
    if how["dry_run"]:
        show(proof.steps(asked), say)
        return 0
    found = proof.ready(asked)
    proof.confirm(asked, found.need)
    with alone(found.place):
        proof.refuse_left(found.place)  # another may have begun, and been killed, while the person was asked
        found.place.forget()  # a person took the journal away, as a clean-up said: machines made anew have a lock of their own
        found.place.prepare()
        done = _done(asked, found)
    return FAILED if any(one.result == "fail" for one in done) else 0


def _done(asked: proof.Asked, found: proof.Ready) -> list[Outcome]:
    """What came of it; its report is there also where a clean-up left something, or the person interrupted."""
    done: list[Outcome] = []
    try:
        with os.fdopen(open_in_place(found.place.log, empty=True), "w", encoding="utf-8") as file_of_log:
            for one in proof.outcomes(asked, found, say, _log(file_of_log)):
                done.append(_told(one))  # noqa: PERF401 -- what came before an error counts
    finally:
        if done:
            _report(found, done)
    return done


def _known(named: tuple[str, ...], there: Collection[str], option: str) -> tuple[str, ...]:
    """Each once. `BadParameter` for a word that is none of them."""
    unknown = [name for name in named if name not in there]
    if unknown:
        raise click.BadParameter(f"{unknown[0]!r}: there are {', '.join(there)}", param_hint=option)
    return tuple(dict.fromkeys(named))


def _checks(named: tuple[str, ...], *, clusters: bool) -> tuple[str, ...]:
    """Names of checks; those of clusters go with a distribution."""
    alone, all_of_them = ([check.name for check in checks] for checks in (CHECKS, (*CHECKS, *CLUSTER_CHECKS)))
    chosen = _known(named, all_of_them, "--check")
    lost = [name for name in chosen if name not in alone]
    if lost and not clusters:
        raise click.BadParameter(f"{lost[0]!r} is a check of a cluster: add --distribution", param_hint="--check")
    return chosen


def _address(text: str | None) -> str | None:
    try:
        return str(ipaddress.IPv4Address(text)) if text else None
    except ValueError:
        raise click.BadParameter(f"{text!r} is no IPv4 address", param_hint="--vip") from None


def _ids(text: str | None) -> tuple[int, int]:
    try:
        return parse_ids(text or IDS)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--ids") from None


def _confirm(*, yes: bool) -> Callable[[str], bool] | None:
    return (lambda _question: True) if yes else click.confirm if sys.stdin.isatty() else None


def _log(file: IO[str]) -> Say:
    def write(line: str) -> None:
        file.write(line + "\n")
        file.flush()

    return write


def _told(outcome: Outcome) -> Outcome:
    say(row(f"  {outcome.result:<12} {outcome.seconds:6.1f} s  ", f"{outcome.name}: {outcome.evidence}"))
    return outcome


def _report(found: proof.Ready, done: list[Outcome]) -> None:
    place = found.place
    date = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    told = reports.document(done, _versions(found.version), date, found.repoid)
    redactor = Redactor(names_of(found.plan, place))
    reports.write(place, told, place.log.read_text(encoding="utf-8").splitlines(), redactor)
    say(_ending(told, place))


def _versions(proxmox: str) -> dict[str, str]:
    known = versions()
    engine = f"{Path(known['engine']['program']).name} {known['engine']['version']}" if known["engine"] else "none"
    return {"Proxmox": proxmox, "Stardock": known["stardock"], "provider": known["provider"]["version"], "engine": engine}


def _ending(told: dict[str, Any], place: Place) -> str:
    counts = ", ".join(f"{number} {result}" for result, number in told["counts"].items())
    return f"{counts}; the report is {place.report}: `runner prove --report` says where to send it"


def report(file: Path | None) -> None:
    """Say what the last proof found, and where its report goes."""
    place = place_of(find_cluster_file(file))
    told = reports.read(place.report)
    if told is None:
        say(f"no proof has written a report in {place.folder} yet: runner prove")
        return
    for one in told["checks"]:
        say(row(f"  {one['result']:<12} {reports.title(one)}  ", f"{one['name']}: {one['evidence']}"))
    say(_ending(told, place).partition(": `")[0])
    say(EMULATED if told.get("repoid") == reports.EMULATED else f"look through it, then send it: {SEND}")


def clean(file: Path | None, *, dry_run: bool, yes: bool) -> None:
    """Remove what a proof left, or show it."""
    place = place_of(find_cluster_file(file))
    if dry_run or not place.folder.is_dir():
        _would_clean(journal.read(place.journal))
        return
    with alone(place):
        had = cleaning.clean(place, say, _confirm(yes=yes))
    say("nothing is left of the proof on Proxmox" if had else NOTHING_LEFT)


def _would_clean(written: journal.Written | None) -> None:
    if written is None:
        say(NOTHING_LEFT)
        return
    for thing in written.things:
        say(f"  {_named(thing)}, if it is there and the proof's by every sign")


def _named(thing: Vm | Volume) -> str:
    return f"VM {thing.vm_id} ({thing.name}) on {thing.pve_node}" if isinstance(thing, Vm) else f"{thing.volume} on {thing.pve_node}"
