"""What the published CIS benchmark said of a cluster in the lab, the last time that it was asked (`make test-cis`)."""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
VERDICT = FOLDER / "cis.json"
#: by hand: status -> reason -> controls
REASONS = FOLDER / "cis.toml"
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Verdict:
    """One run. `controls`: number -> name, status and, of what fails, object -> words (tests/conformance/benchmark.py, `Judged`)."""

    date: str
    release: str
    benchmark: str
    machines: str
    controls: Mapping[str, Mapping[str, Any]]


def reasons(status: str) -> Mapping[str, str]:
    """Control -> why it has this status."""
    listed: dict[str, dict[str, list[str]]] = tomllib.loads(REASONS.read_text(encoding="utf-8"))
    return {control: reason for reason, controls in listed.get(status, {}).items() for control in controls}


def save(verdict: Verdict) -> None:
    """Keep it beside the code that it is about."""
    VERDICT.write_text(json.dumps(asdict(verdict), indent=2, sort_keys=True) + "\n", encoding="utf-8")


def section() -> str:
    """Its part of docs/proof.md."""
    if not VERDICT.exists():
        return ""
    verdict = Verdict(**json.loads(VERDICT.read_text(encoding="utf-8")))
    counted = Counter(str(one["status"]) for one in verdict.controls.values())
    return HEAD.format(verdict=verdict, all=len(verdict.controls), counted=counted) + "".join(_rows(verdict))


def _rows(verdict: Verdict) -> Iterator[str]:
    for control in sorted(verdict.controls, key=_number):
        one = verdict.controls[control]
        if one["status"] != "PASS":
            why = reasons(one["status"]).get(control, "people look at it: nobody wrote a check")
            yield f"| {control} | {one['name']} | {one['status']} | {why}{_objects(one['failing'])} |\n"


def _objects(failing: Mapping[str, str]) -> str:
    names = [name.replace("_", " ") for name in failing]
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f" ({', '.join(names[:_SHOWN])}{more})" if names else ""


def _number(control: str) -> list[int]:
    return [int(part) for part in control.split(".")]


HEAD = """
## The CIS benchmark

`make test-cis` makes a cluster by the first lines of [hardening.md](how-to/hardening.md) and judges it by the benchmark that trivy-checks
publishes for RKE2 ([0046](decisions/0046-cis.md)). On {verdict.date}, {verdict.release}, {verdict.benchmark}, {verdict.machines}: of {all}
controls **{counted[PASS]} passed**, {counted[FAIL]} failed, {counted[nothing found]} found nothing to judge, {counted[by hand]} are for
people. What did not pass:

| control | | | why |
|---|---|---|---|
"""
