"""What a check found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum


class Level(Enum):
    """How bad it is. A problem makes a deploy or a bootstrap fail; a warning may."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing. `subject` is what it is about, `cause` what is so, `cure` the commands that mend it, one a line."""

    check: str
    subject: str
    level: Level
    cause: str
    cure: str = ""


def ok(check: str, subject: str, cause: str) -> Finding:
    """All is well."""
    return Finding(check=check, subject=subject, level=Level.OK, cause=cause)


def warning(check: str, subject: str, cause: str, cure: str) -> Finding:
    """It may go wrong, or could not be looked at."""
    return Finding(check=check, subject=subject, level=Level.WARNING, cause=cause, cure=cure)


def problem(check: str, subject: str, cause: str, cure: str) -> Finding:
    """It will go wrong."""
    return Finding(check=check, subject=subject, level=Level.PROBLEM, cause=cause, cure=cure)


def among(names: Iterable[str]) -> str:
    """Names for a person, the first few of many."""
    listed = list(names)
    shown = ", ".join(listed[:6])
    return shown + (f" and {len(listed) - 6} more" if len(listed) > 6 else "")  # noqa: PLR2004 -- a line holds about six
