"""Where a value is in cluster.yaml, and how a message tells it."""

from __future__ import annotations

from collections.abc import Mapping

#: A key path: mapping keys and list positions from the root.
Keys = tuple[str | int, ...]

#: How top-level keys begin that are the user's own place for anchors: extensions, in the words of the Compose specification.
EXTENSION = "x-"


def path_text(keys: Keys) -> str:
    """`("pools", 0, "role")` -> `pools[0].role`."""
    text = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys)
    return text.removeprefix(".")


def nearest_line(keys: Keys, lines: Mapping[Keys, int]) -> int | None:
    """The line of a key, or of the nearest mapping or list around it."""
    return next((lines[keys[:end]] for end in range(len(keys), -1, -1) if keys[:end] in lines), None)


def printable(text: str) -> str:
    """Text of a file's as a message may hold it: nothing that a terminal would obey, no half of a character."""
    return "".join(character if character.isprintable() else "?" for character in text)
