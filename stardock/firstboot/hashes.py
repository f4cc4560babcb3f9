"""Where a password hash goes in a document of first boot: a mark stands for it, since only the engine knows the hash.

A mark holds a digest of the document without it, so that no text of a user's in that document can be one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping

#: A part of a document: its text as it is, or the Terraform variable whose value stands there.
Part = tuple[str, str | None]


def mark(variable: str, digest: str) -> str:
    """What stands for a hash, in quotes in YAML and in JSON."""
    return f"${{var.{variable} {digest}}}"


def digest(text: str) -> str:
    """Tell a document from any other."""
    return hashlib.sha256(text.encode()).hexdigest()


def parts(text: str, marks: Mapping[str, str]) -> Iterator[Part]:
    """Take a document apart at its marks (mark -> variable), in its order."""
    between = re.split("(" + "|".join(map(re.escape, marks)) + ")", text) if marks else [text]
    for part in between:
        yield (part, marks.get(part))
