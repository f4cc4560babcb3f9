"""A value of the file as one line of YAML, for cures that repeat it; None where it holds a secret or would be long."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from stardock.spec.keypath import Keys, printable
from stardock.spec.mistakes.secret_words import of_key
from stardock.spec.private_key import MARK

#: More than this nobody copies from a terminal.
LONGEST = 160
_PLAIN = re.compile(r"[A-Za-z0-9_./~@+][A-Za-z0-9_./~@+=:;() -]*")
_NO_TEXT = re.compile(r"[-+]?[0-9.][0-9_.,eExXa-fA-F]*|true|false|null|~|", re.IGNORECASE)


def flow(value: Any, at: Keys, texts: Mapping[Keys, str]) -> str | None:
    """`{name: pve1, address: 192.0.2.10}`; numbers and booleans as they stand in the file at the key path `at`."""
    try:
        return _flow(value, at, texts)
    except _NotToBeShownError:
        return None


def pairs(value: Mapping[str, Any], at: Keys, texts: Mapping[Keys, str]) -> str | None:
    """The same of a mapping, without its braces."""
    written = flow(value, at, texts)
    return None if written is None else written[1:-1]


class _NotToBeShownError(Exception):
    """A secret stands in it, or it is long."""


def _short(begin: str, items: Iterable[str], end: str) -> str:
    """Gives up early: aliases may make a small file say the same a hundred thousand times."""
    written = begin
    for item in items:
        written += item if written == begin else f", {item}"
        if len(written) > LONGEST:
            raise _NotToBeShownError
    return written + end


def _flow(value: Any, at: Keys, texts: Mapping[Keys, str]) -> str:
    if isinstance(value, dict):
        if any(of_key("", key) for key in value):
            raise _NotToBeShownError
        return _short("{", (f"{_text(key)}: {_flow(inner, (*at, key), texts)}" for key, inner in value.items()), "}")
    if isinstance(value, list):
        return _short("[", (_flow(inner, (*at, i), texts) for i, inner in enumerate(value)), "]")
    if value is None:
        return '""'
    return texts.get(at) or (_text(value) if isinstance(value, str) else str(value).lower())


def _text(text: str) -> str:
    if MARK in text:
        raise _NotToBeShownError
    text = printable(text)
    plain = _PLAIN.fullmatch(text) and not re.search(r":( |$)|\s$", text) and not _NO_TEXT.fullmatch(text)
    return text if plain or re.fullmatch(r"\d+(\.\d+){3}(/\d+)?", text) else json.dumps(text, ensure_ascii=False)
