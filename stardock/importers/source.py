"""A file of somebody else's, read as far as it can be: what its model refuses is told with its line and left out."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from stardock.importers.notes import Kind, Note
from stardock.spec.keypath import Keys, path_text
from stardock.spec.tree import Tree

M = TypeVar("M", bound=BaseModel)

#: A wrong value can be taken out together with what is around it: as deep as these files are nested, and a bit.
_ROUNDS = 8


@dataclass(frozen=True, slots=True)
class Source(Generic[M]):
    """A file's values by its model, with the lines on which they stand."""

    file: str
    values: M
    lines: dict[Keys, int]

    def line(self, *keys: str | int) -> int | None:
        """The line of a key, or of the nearest one around it that was written."""
        for end in range(len(keys), 0, -1):
            if keys[:end] in self.lines:
                return self.lines[keys[:end]]
        return None

    def says(self, *keys: str | int) -> bool:
        """Whether the key itself was written."""
        return keys in self.lines

    def note(self, kind: Kind, message: str, *keys: str | int) -> Note:
        """A note at a key; without keys, of the file."""
        return Note(kind, message, self.file, self.line(*keys))


def read_source(file: str, tree: Tree, model: type[M]) -> tuple[Source[M], list[Note]]:
    """Check a file's values against a model; what does not fit becomes the model's default and a note."""
    notes = [Note(Kind.WRONG, _words(problem.path, problem.message, problem.cure), file, problem.line) for problem in tree.problems]
    data = copy.deepcopy(tree.data) if isinstance(tree.data, dict) else {}
    for _ in range(_ROUNDS):
        try:
            return Source(file, model.model_validate(data), tree.lines), notes
        except ValidationError as error:
            notes += _taken_out(file, tree, data, error)
    return Source(file, model(), tree.lines), notes


def _words(path: str, message: str, cure: str | None) -> str:
    return f"{path}: " * bool(path) + message + (f"; {cure}" if cure else "")


def _taken_out(file: str, tree: Tree, data: dict[str, Any], error: ValidationError) -> Iterator[Note]:
    done: set[Keys] = set()
    for fault in error.errors(include_url=False):
        keys = _present(data, tuple(fault["loc"]))
        if not keys or any(keys[:end] in done for end in range(1, len(keys) + 1)):
            continue
        done.add(keys)
        said = "there is no such variable" if fault["type"] == "extra_forbidden" else _lower(fault["msg"])
        yield Note(Kind.WRONG, f"{path_text(keys)}: {said}; left out", file, tree.lines.get(keys))
        _delete(data, keys)


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _present(data: Any, keys: Keys) -> Keys:
    """The longest part of the path that is there and ends at a mapping's key: list items go with their list."""
    inner, present = data, 0
    for depth, key in enumerate(keys, 1):
        if not (isinstance(inner, dict) and key in inner) and not (isinstance(inner, list) and isinstance(key, int) and key < len(inner)):
            break
        if isinstance(inner, dict):
            present = depth
        inner = inner[key]  # type: ignore[index]
    return keys[:present]


def _delete(data: Any, keys: Keys) -> None:
    for key in keys[:-1]:
        data = data[key]
    del data[keys[-1]]
