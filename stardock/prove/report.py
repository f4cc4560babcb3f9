"""What a proof found, as a folder to send: `report.json` for programs, `report.md` for people, `said.log`. Without names and addresses.

`proofs/` takes the same `report.json` (docs/how-to/prove.md).
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from stardock.prove.check import Outcome
from stardock.prove.checks.answers import known
from stardock.prove.conversation import as_json
from stardock.prove.place import Place
from stardock.prove.redact import COMMON, Redactor
from stardock.writing import refuse_link, write_atomically

FORMAT = 1
#: What the lab's emulated Proxmox says that it was built from: `lab.pve.routes.cluster.REPOID`.
EMULATED = "0123456789abcdef"
#: How names of variables begin that hold secrets, or what tells of the estate; and values that tell nothing, and are words of ours.
_SECRET = ("PROXMOX_VE_", "TF_VAR_", "TF_ENCRYPTION", "STARDOCK_SECRETS")
_WORDS = COMMON | {"true", "false"}
_SHORTEST = 4
_LONG = 12
_MARKS = {"pass": "pass", "fail": "**FAIL**", "not possible": "not possible"}


def document(outcomes: Sequence[Outcome], versions: Mapping[str, str], date: str, repoid: str = "") -> dict[str, Any]:
    """The report for programs. `date` is YYYY-MM-DD; `repoid`: of Proxmox' build."""
    counts = {result: sum(one.result == result for one in outcomes) for result in _MARKS}
    head = {"format": FORMAT, "date": date, "versions": dict(versions), "repoid": repoid}
    return {**head, "counts": counts, "checks": [asdict(one) for one in outcomes]}


def markdown(told: Mapping[str, Any]) -> str:
    """The same for people."""
    versions = ", ".join(f"{name} {version}" for name, version in told["versions"].items())
    counts = ", ".join(f"{number} {result}" for result, number in told["counts"].items())
    rows = [_row(one) for one in told["checks"]]
    head = ["| machines | check | result | seconds | what was seen |", "|---|---|---|---|---|"]
    mark = ["**Of Stardock's own emulated Proxmox: this says nothing of a real one.**", ""] if told.get("repoid") == EMULATED else []
    return "\n".join([f"# A proof of {told['date']}", "", *mark, f"{versions}.", "", f"{counts}.", "", *head, *rows, ""])


def title(one: Mapping[str, Any]) -> str:
    """Of which machines an outcome is."""
    return ", ".join(filter(None, (one["system"], one.get("distribution"))))


def _row(one: Mapping[str, Any]) -> str:
    return f"| {title(one)} | {one['name']} | {_MARKS[one['result']]} | {one['seconds']:g} | {_cell(one['evidence'])} |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def write(place: Place, told: Mapping[str, Any], said: Iterable[str], redactor: Redactor) -> None:
    """Write the folder, every text of it through the redactor; with the token's own secret taken out wherever it may stand."""
    refuse_link(place.report)
    shutil.rmtree(place.report, ignore_errors=True)  # nothing of an earlier proof goes along
    place.report.mkdir(mode=0o700)
    clean = _cleaned(told, redactor)
    write_atomically(place.report / "report.json", json.dumps(clean, indent=2) + "\n")
    write_atomically(place.report / "report.md", markdown(clean))
    if place.answers.is_file():
        answers = redactor.tree(hidden(json.loads(place.answers.read_text(encoding="utf-8")), _keys()), _keys())
        write_atomically(place.report / "answers.json", json.dumps(answers, indent=1) + "\n")
        place.answers.unlink()
    write_atomically(place.report / "said.log", redactor.text(_hide("\n".join(said))) + "\n")


def _keys() -> frozenset[str]:
    """Questions, and keys of answers that the emulated PVE gives, too: PVE's words, whatever somebody's node is called."""
    return frozenset(_within(as_json(known())))


def _within(told: object) -> Iterator[str]:
    if isinstance(told, Mapping):
        for key, value in told.items():
            yield key
            yield from _within(value)
    elif isinstance(told, list):
        for one in told:
            yield from _within(one)


def _cleaned(told: Mapping[str, Any], redactor: Redactor) -> dict[str, Any]:
    """What was seen, and of versions what has a sign: all else are words of ours, by which somebody's machine may be called, too."""
    versions = {name: Redactor().text(_hide(version)) for name, version in told["versions"].items()}
    checks = [{**one, "evidence": redactor.text(_hide(one["evidence"]))} for one in told["checks"]]
    return {**told, "versions": versions, "checks": checks}


def hidden(told: object, kept: Collection[str] = ()) -> object:
    """What JSON can hold, each text of it without what this process was given as a secret: keys, too, which machines may have named, but
    for those `kept`.
    """
    if isinstance(told, str):
        return _hide(told)
    if isinstance(told, Mapping):
        return {key if key in kept else _hide(str(key)): hidden(value, kept) for key, value in told.items()}
    return [hidden(one, kept) for one in told] if isinstance(told, list | tuple) else told


def _tells(value: str) -> bool:
    return len(value.strip()) >= _SHORTEST and value.strip().lower() not in _WORDS


def _hide(text: str) -> str:
    given = [value for name, value in os.environ.items() if name.startswith(_SECRET) and _tells(value)]
    for value in sorted(given, key=len, reverse=True):
        parts = {value, value.strip(), json.dumps(value)[1:-1], value.partition("=")[2] or value}
        for part in sorted(filter(_tells, parts), key=len, reverse=True):
            text = re.sub(_wherever(part), "(secret)", text)
    return text


def _wherever(value: str) -> str:
    """A long one anywhere; a short one, which may be a part of words of ours, where it stands alone."""
    found = re.escape(value)
    return found if len(value) >= _LONG else rf"(?:(?<![A-Za-z0-9])|(?<=\\[bfnrt]))(?:{found})(?![A-Za-z0-9])"


def read(path: Path) -> dict[str, Any] | None:
    """A report that was written; None where there is none."""
    if not (path / "report.json").is_file():
        return None
    told: dict[str, Any] = json.loads((path / "report.json").read_text(encoding="utf-8"))
    return told
