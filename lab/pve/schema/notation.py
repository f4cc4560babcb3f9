"""A short notation for parameters, so that a route's table can be read at a glance. One parameter a line:

    name[!] kind [word ...]

`!`: required. Words: `1..128`, `0..` bounds; `..255` of a string: its length; `a|b|c` choices; `<name>` a named format; `{name}` a property
string of that table; `/regex/`; `requires:x`; `default` the key of a value without key; `=x` an alias of x; `^model` the alias' own name is
kept as that key.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lab.pve.schema.model import Rule

_BOUNDS = re.compile(r"(\d*)\.\.(\d*)")


def rules(table: str, nested: Mapping[str, Mapping[str, Rule]] | None = None) -> dict[str, Rule]:
    """The rules of a table. Raises ValueError for a word that is not of the notation."""
    lines = [line.split() for line in table.strip().splitlines() if line.strip()]
    return {name.removesuffix("!"): _rule(name, words, nested or {}) for name, *words in lines}


def _rule(name: str, words: list[str], nested: Mapping[str, Mapping[str, Rule]]) -> Rule:
    kind = words[0] if words and words[0] in {"string", "boolean", "integer", "number", "array"} else ""
    found: dict[str, Any] = {"kind": kind or "string", "optional": not name.endswith("!")}
    for word in words[bool(kind) :]:
        found |= _word(word, found["kind"], nested)
    return Rule(**found)


def _word(word: str, kind: str, nested: Mapping[str, Mapping[str, Rule]]) -> dict[str, Any]:
    marks = {"=": "alias", "^": "key_alias"}
    if word == "default":
        return {"default_key": True}
    if word[0] in marks:
        return {marks[word[0]]: word[1:]}
    if word.startswith("requires:"):
        return {"requires": word.removeprefix("requires:")}
    if word[0] == "{":
        return {"format": nested[word[1:-1]]}
    return _value_word(word, kind)


def _value_word(word: str, kind: str) -> dict[str, Any]:
    if word[0] == "<":
        return {"format": word[1:-1]}
    if word[0] == "/":
        return {"pattern": word[1:-1]}
    bounds = _BOUNDS.fullmatch(word)
    if bounds is None:
        if not re.fullmatch(r"[\w.+|-]+", word):
            raise ValueError(f"not a word of the notation: {word}")
        return {"choices": tuple(word.split("|"))}
    if kind == "string":
        return {"max_length": int(bounds[2])}
    return {key: float(text) for key, text in (("minimum", bounds[1]), ("maximum", bounds[2])) if text}
