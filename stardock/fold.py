"""Many names as few words: the first and the last of a run, and their number."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

#: A run of fewer names is written out.
SHORTEST = 3
#: Between the first and the last; in no name of a machine.
RANGE = ".."
T = TypeVar("T")
_NUMBERED = re.compile(r"(.*?)(\d+)")


def fold(names: Sequence[str]) -> str:
    """Names in their order, runs of consecutive ones folded, with their number."""
    return ", ".join(_words(run) for run in runs(names, follows))


def runs(items: Iterable[T], goes_on: Callable[[T, T], bool]) -> list[list[T]]:
    """Items in their order, parted where one does not go on from the one before."""
    found: list[list[T]] = []
    for item in items:
        if found and goes_on(found[-1][-1], item):
            found[-1].append(item)
        else:
            found.append([item])
    return found


def follows(one: str, other: str) -> bool:
    """Whether a name is the next: the same but for its last number, which is one more, in as many digits if it was padded."""
    before, after = _NUMBERED.fullmatch(one), _NUMBERED.fullmatch(other)
    if before is None or after is None or before[1] != after[1]:
        return False
    return after[2] == str(int(before[2]) + 1).zfill(len(before[2]))


def span(run: Sequence[str]) -> str:
    """The first and the last of a run; in ASCII, so that a terminal without UTF-8, a log and a mail show the same."""
    return run[0] if len(run) == 1 else f"{run[0]}{RANGE}{run[-1]}"


def _words(run: Sequence[str]) -> str:
    return f"{span(run)} ({len(run)})" if len(run) >= SHORTEST else ", ".join(run)
