"""A text as one word of a command that a person copies from a message."""

from __future__ import annotations

import os
import shlex


def word(text: str | os.PathLike[str]) -> str:
    """Quote it where needed, on one line: what a terminal does not show stands as bytes in `$'...'` (bash, zsh, ksh)."""
    plain = os.fspath(text)
    if plain.isprintable():
        return shlex.quote(plain)
    return "$'" + "".join(map(_escaped, plain)) + "'"


def _escaped(one: str) -> str:
    if one.isprintable() and one not in "'\\":
        return one
    return "".join(f"\\x{byte:02x}" for byte in os.fsencode(one))
