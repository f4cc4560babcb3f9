"""One import: what a person asked for, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from stardock.errors import InputErrors
from stardock.importers.notes import Kind, Note
from stardock.importers.starbase.files import StarbaseFiles
from stardock.model.lock import Lock


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the person asked for. Files that are None are looked for below `directory`."""

    directory: Path
    cluster_file: Path
    cluster: str = "starbase"
    tfvars: Path | None = None
    custom: Path | None = None
    state: Path | None = None
    lock_only: bool = False
    overwrite: bool = False
    dry_run: bool = False


@dataclass(slots=True)
class Import:
    """One import. `lock` is None when cluster.yaml lacks something that only a person knows; `problems` tells what."""

    wish: Wish
    files: StarbaseFiles
    text: str = ""
    lock: Lock | None = None
    problems: InputErrors | None = None
    notes: list[Note] = field(default_factory=list)

    def told(self, kind: Kind) -> Iterator[Note]:
        """The notes of one kind, by file and line."""
        yield from sorted((note for note in self.notes if note.kind is kind), key=lambda note: (note.file, note.line or 0))
