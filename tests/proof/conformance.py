"""What Kubernetes' own conformance tests said of a cluster in the lab, the last time that they ran (`make test-conformance`)."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
VERDICT = FOLDER / "conformance.json"
#: by hand: tests that are not run, and why
LEFT_OUT = FOLDER / "conformance.toml"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One run, with those that went on with it. `failed` and `left_out`: name of a test -> why.

    `again`: how many of those that passed did so only when they were run again.
    """

    date: str
    release: str
    machines: str
    minutes: int
    passed: int
    failed: Mapping[str, str]
    left_out: Mapping[str, str]
    unrun: tuple[str, ...] = ()
    again: int = 0


def left_out() -> Mapping[str, str]:
    """Name of a test -> why it is not run."""
    listed: dict[str, list[str]] = tomllib.loads(LEFT_OUT.read_text(encoding="utf-8"))
    return {name: reason for reason, names in listed.items() for name in names}


def save(verdict: Verdict) -> None:
    """Keep it beside the code that it is about."""
    VERDICT.write_text(json.dumps(asdict(verdict), indent=2, sort_keys=True) + "\n", encoding="utf-8")


def last() -> Verdict | None:
    """What is kept."""
    if not VERDICT.exists():
        return None
    kept = json.loads(VERDICT.read_text(encoding="utf-8"))
    return Verdict(**{**kept, "unrun": tuple(kept["unrun"])})


def section() -> str:
    """Its part of docs/proof.md."""
    verdict = last()
    if verdict is None:
        return ""
    rows = [(name, "failed", why) for name, why in verdict.failed.items()] + [
        (name, "not run", why) for name, why in verdict.left_out.items()
    ]
    return HEAD.format(verdict=verdict, asked=verdict.passed + len(rows) + len(verdict.unrun), unrun=len(verdict.unrun)) + "".join(
        f"| {name} | {what} | {why.replace('|', '&#124;')} |\n" for name, what, why in sorted(rows)
    )


HEAD = """
## Kubernetes' own conformance tests

`make test-conformance` runs those of sig-api-machinery, sig-apps, sig-auth, sig-network and sig-node against a cluster in the lab, through
the VIP, with upstream's `e2e.test`. On {verdict.date}, {verdict.release}, {verdict.machines}, {verdict.minutes} minutes:
**{verdict.passed} of {asked} passed**, {verdict.again} of them only when they were run again; {unrun} had no turn.

| test | | why |
|---|---|---|
"""
