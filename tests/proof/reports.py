"""What reports of `runner prove` say of real Proxmoxes: the files in `proofs/`, which `python -m tests.conversations take` writes.

A report comes from a stranger: what is not as ours is refused, and no word of it but dates, versions and names of checks reaches a page.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stardock.distributions import DISTRIBUTIONS
from stardock.prove.checks import CHECKS, CLUSTER_CHECKS
from stardock.prove.report import EMULATED
from stardock.systems import SYSTEMS

FOLDER = Path(__file__).parents[2] / "proofs"
NAMES = tuple(dict.fromkeys(check.name for check in (*CHECKS, *CLUSTER_CHECKS)))
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._+~-]{0,40}")
_REPOID = re.compile(r"[0-9a-f]{4,40}")
_RESULTS = ("pass", "fail", "not possible")


@dataclass(frozen=True, slots=True)
class Report:
    """One. `versions` of Proxmox, provider, engine, Stardock; `repoid`: of Proxmox' build.

    `results`: (system, distribution or empty, name of the check) -> result.
    """

    date: str
    versions: Mapping[str, str]
    results: Mapping[tuple[str, str, str], str]
    repoid: str = ""

    def tells(self, check: str) -> bool:
        """Whether it was possible anywhere."""
        return self.passed(check) or "fail" in self._found(check)

    def passed(self, check: str) -> bool:
        """Whether it did wherever it was possible, and somewhere. `check` may begin with a system or a distribution and a colon."""
        found = self._found(check)
        return "pass" in found and "fail" not in found

    def _found(self, check: str) -> set[str]:
        who, _, name = check.rpartition(": ")
        return {result for (*whose, of), result in self.results.items() if of == name and (not who or who in whose)}

    def __str__(self) -> str:
        return f"{self.date}: {', '.join(f'{name} {version}' for name, version in self.versions.items())}"


def report_of(told: Any) -> Report:
    """Read one. ValueError for what is no report of ours."""
    if not isinstance(told, Mapping) or not isinstance(told.get("versions"), Mapping):
        raise ValueError("a report has a date, versions and checks")  # noqa: TRY004  one kind of error for all
    versions = {str(name): str(version) for name, version in told["versions"].items()}
    wrong = [text for text in (*versions, *versions.values()) if not _VERSION.fullmatch(text)]
    if not _DATE.fullmatch(str(told.get("date"))) or wrong or "Proxmox" not in versions:
        raise ValueError(f"a report has a date and versions, of Proxmox, too{f': {wrong[0]!r} is none' if wrong else ''}")
    return Report(str(told["date"]), versions, _results(told.get("checks") or ()), _repoid(told.get("repoid")))


def _results(rows: Iterable[Any]) -> dict[tuple[str, str, str], str]:
    """Each check once: two results of one are none."""
    found: dict[tuple[str, str, str], str] = {}
    for key, result in map(_row, rows):
        if key in found:
            raise ValueError(f"a report has each check once, and this one twice: {key}")
        found[key] = result
    return found


def _repoid(told: object) -> str:
    """Which build of Proxmox it is of: none is the emulated one's."""
    if told == EMULATED:
        raise ValueError("this report is of the lab's emulated Proxmox, and says nothing of a real one")
    if not isinstance(told, str) or not _REPOID.fullmatch(told):
        raise ValueError("a report has the repoid of a Proxmox, of which it is")
    return told


def _row(one: Any) -> tuple[tuple[str, str, str], str]:
    try:
        key, result = (one["system"], one.get("distribution") or "", one["name"]), one["result"]
    except (AttributeError, KeyError, TypeError):
        raise ValueError("a check has a system, a name and a result") from None
    if key[0] not in SYSTEMS or key[1] not in ("", *DISTRIBUTIONS) or key[2] not in NAMES or result not in _RESULTS:
        raise ValueError(f"this Stardock knows no such check: {key} {result!r}")
    return key, result


def reports(folder: Path = FOLDER) -> tuple[Report, ...]:
    """All of them, the newest first."""
    found = [report_of(json.loads(path.read_text(encoding="utf-8"))) for path in sorted(folder.glob("*.json"))]
    return tuple(sorted(found, key=lambda one: one.date, reverse=True))


def real(checks: Iterable[str], known: Iterable[Report]) -> Report | None:
    """The newest report in which all of these passed; None where there is none, or nothing to pass, or one of them failed since.

    `known`: the newest first.
    """
    wanted, every = list(checks), list(known)
    if not wanted or any(_failed(check, every) for check in wanted):
        return None
    return next((one for one in every if all(one.passed(check) for check in wanted)), None)


def _failed(check: str, known: list[Report]) -> bool:
    """In what tells of it last; of one day nobody knows which was the last."""
    telling = [one for one in known if one.tells(check)]
    return any(not one.passed(check) for one in telling if one.date == telling[0].date)
