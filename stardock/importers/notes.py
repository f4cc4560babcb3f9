"""What an import tells a person: what is wrong in the files, what Stardock does otherwise, what a person has to fill in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """In the order in which they are told."""

    WRONG = "wrong there, and what became of it"
    OTHERWISE = "other than there, and why"
    TO_DO = "left for you"


@dataclass(frozen=True, slots=True)
class Note:
    """One thing. `file` is the name of a file as found, `line` 1-based; both empty where none says it."""

    kind: Kind
    message: str
    file: str = ""
    line: int | None = None

    @property
    def place(self) -> str:
        """`FILE:LINE: `, as far as known."""
        where = f"{self.file}:{self.line}" if self.file and self.line else self.file
        return f"{where}: " if where else ""
