"""A check: a named function, run in order, with what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from stardock.errors import StardockError
from stardock.prove.bench import Bench, FailedError, NotPossibleError

#: Characters of evidence: machines may say what they like.
_MOST = 4000

Result = Literal["pass", "fail", "not possible"]


@dataclass(frozen=True, slots=True)
class Check:
    """`run` gives the evidence in words, or raises FailedError, NotPossibleError or a StardockError; anything else is a failure, too.

    `needed`: without it there is nothing that the checks behind it could look at.
    """

    name: str
    run: Callable[[Bench], str]
    needed: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one. `evidence` in words: what was seen, or why it failed, or why it is not possible here.

    `distribution`: empty where its machines became no cluster.
    """

    system: str
    name: str
    result: Result
    seconds: float
    evidence: str
    distribution: str = ""


def run(checks: Iterable[Check], bench: Bench, system: str, distribution: str = "") -> Iterator[Outcome]:
    """One after the other; behind one that was needed and failed, none is possible."""
    missing = ""
    for check in checks:
        began = time.monotonic()
        result, evidence = _one(check, bench) if not missing else _behind(missing)
        if check.needed and result != "pass":
            missing = missing or check.name
        yield Outcome(system, check.name, result, round(time.monotonic() - began, 1), evidence, distribution)


def _behind(missing: str) -> tuple[Result, str]:
    return "not possible", f"after `{missing}` failed"


def _one(check: Check, bench: Bench) -> tuple[Result, str]:
    result, evidence = _came_of(check, bench)
    return result, _short(evidence)


def _short(evidence: str) -> str:
    """Whole words, for half of a name or of a secret has no sign any more."""
    if len(evidence) <= _MOST:
        return evidence
    *words, _ = evidence[: _MOST + 1].rsplit(None, 1)
    return f"{words[0] if words else ''} ... ({len(evidence)} characters)".strip()


def _came_of(check: Check, bench: Bench) -> tuple[Result, str]:
    try:
        return "pass", check.run(bench)
    except FailedError as error:
        return "fail", str(error)
    except NotPossibleError as error:
        return "not possible", str(error)
    except StardockError as error:
        return "fail", error.message
    except Exception as error:  # noqa: BLE001 -- a check that breaks is what a proof is there to tell, and the others are made
        return "fail", f"nobody foresaw this {type(error).__name__}: {' '.join(str(error).split()) or 'it says nothing'}"
