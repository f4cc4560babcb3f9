"""A file of Stardock's own, JSON, read strictly: what it never writes is told with its line, and nothing of it is passed over."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from stardock.errors import InputErrors, Problem
from stardock.reading import conflict_line, read_file
from stardock.spec.keypath import Keys, nearest_line, path_text, printable

#: A cluster of a thousand machines has 3 MB.
MAX_BYTES = 16 << 20
#: A machine has a hundred.
MAX_VALUES = 300_000
#: The lock has seven levels.
MAX_DEPTH = 16
#: In 53 bits every reader of JSON counts alike.
MAX_NUMBER = 2**53 - 1
#: So many problems of one file are told.
MOST = 50

_TEXT = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"')
_TOKEN = re.compile(r'\n|"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')
#: Half of a surrogate pair, perhaps, and the character that ends texts of C: the rest of JSON's escapes are harmless.
_STRANGE = re.compile(r"\\u(?:[dD][89a-fA-F]|0000)")
_LONGEST = len(str(MAX_NUMBER))


@dataclass(frozen=True, slots=True)
class Words:
    """How messages call the file, and what brings a sound one back: in general, and where branches met."""

    name: str
    cure: str
    conflict: str


@dataclass(frozen=True)
class Document:
    """What a file says, and where."""

    path: Path
    text: str
    words: Words
    data: Any = None

    @cached_property
    def lines(self) -> Mapping[Keys, int]:
        """The 1-based line of each key and list item."""
        found: dict[Keys, int] = {}
        for place in _scan(self.text):
            found.setdefault(place.keys, place.line)
        return found

    def problem(self, message: str, keys: Keys = (), *, cure: str | None = None) -> Problem:
        """A problem of the value at a key path."""
        return Problem(message, path=_shown(keys), line=nearest_line(keys, self.lines), cure=cure or self.words.cure)

    def refuse(self, problems: Iterator[Problem]) -> None:
        """Raise `InputErrors` when there are any; of very many, the first."""
        found = [problem for _, problem in zip(range(MOST + 1), problems, strict=False)]
        if len(found) > MOST:
            found[MOST] = Problem("there are more problems", cure=self.words.cure)
        if found:
            raise InputErrors(str(self.path), tuple(found))


def read_document(path: Path, words: Words) -> Document | None:
    """Read a file; None when there is none. `InputErrors` when it is no JSON that Stardock could have written."""
    data = read_file(path, what=f"the {words.name}", most=MAX_BYTES, cure=words.cure)
    return None if data is None else document_of(path, data, words)


def document_of(path: Path, data: bytes, words: Words) -> Document:
    """The same of bytes that were read already."""
    if len(data) > MAX_BYTES:
        raise InputErrors(str(path), (Problem(f"the {words.name} has more than {MAX_BYTES >> 20} MiB", cure=words.cure),))
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise InputErrors(str(path), (Problem("this is not UTF-8 text", line=line, cure=words.cure),)) from None
    return Document(path, text, words, _parsed(path, text, words))


def has_too_many_values(text: str) -> bool:
    """Whether a JSON text has more values than any file of ours, by its commas outside of strings."""
    return text.count(",") > MAX_VALUES and _TEXT.sub("", text).count(",") > MAX_VALUES


def _parsed(path: Path, text: str, words: Words) -> Any:
    _refuse_conflict(path, text, words)
    if has_too_many_values(text):
        raise InputErrors(str(path), (Problem(f"the file has more than {MAX_VALUES} values", line=1, cure=words.cure),))
    odd: list[str] = []
    try:
        data = json.loads(
            text,
            object_pairs_hook=lambda pairs: _mapping(pairs, odd),
            parse_int=lambda digits: _number(digits, odd),
            parse_float=odd.append,
            parse_constant=odd.append,
        )
    except json.JSONDecodeError as error:
        raise InputErrors(str(path), (Problem(f"this is not JSON: {error.msg}", line=error.lineno, cure=words.cure),)) from None
    except RecursionError:
        raise InputErrors(str(path), (_too_deep(words, 1),)) from None
    document = Document(path, text, words, data)
    if odd or _STRANGE.search(text) or _is_deeper(data, MAX_DEPTH):
        document.refuse(_faults(document))
    return data


def _refuse_conflict(path: Path, text: str, words: Words) -> None:
    line = conflict_line(text)
    if line is not None:
        raise InputErrors(str(path), (Problem("git's conflict marks: two branches met here", line=line, cure=words.conflict),))


def _mapping(pairs: list[tuple[str, Any]], odd: list[str]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        odd.append("twice")
    return found


def _number(digits: str, odd: list[str]) -> int | None:
    """Python refuses to read very many digits, and nothing of ours counts so far."""
    if len(digits) <= _LONGEST and abs(number := int(digits)) <= MAX_NUMBER:
        return number
    odd.append(digits[:_LONGEST])
    return None


def _is_deeper(value: Any, room: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return room < 0 or any(_is_deeper(one, room - 1) for one in inner)


def _too_deep(words: Words, line: int) -> Problem:
    return Problem("the file is nested too deeply", line=line, cure=words.cure)


def _faults(document: Document) -> Iterator[Problem]:
    """What is JSON and still nothing that Stardock writes."""
    first: dict[Keys, int] = {}
    for place in _scan(document.text):
        if len(place.keys) > MAX_DEPTH:
            yield _too_deep(document.words, place.line)
            return
        before = first.setdefault(place.keys, place.line)
        message = f"this key is here twice, first on line {before}" if place.again else _odd(place.token)
        if message:
            yield Problem(message, path=_shown(place.keys), line=place.line, cure=document.words.cure)


def _odd(token: str) -> str | None:
    """What is wrong with a token by itself."""
    if token.startswith('"'):
        return _odd_text(token) if _STRANGE.search(token) else None
    if re.fullmatch(r"-?[0-9]+", token):
        return f"{_cut(token)} is more than anything counts here" if len(token) > _LONGEST or abs(int(token)) > MAX_NUMBER else None
    return f"{_cut(token)} is not a whole number" if token[0] in "-0123456789NI" else None


def _odd_text(token: str) -> str | None:
    text = str(json.loads(token))
    if any("\ud800" <= character <= "\udfff" for character in text):
        return "half of a character (an escape \\uD800 to \\uDFFF)"
    return "a NUL character (\\u0000)" if "\0" in text else None


def _shown(keys: Keys) -> str:
    """A key path for a terminal."""
    return printable(path_text(keys))[:200]


def _cut(token: str) -> str:
    return token if len(token) <= _LONGEST else f"{token[:_LONGEST]}..."


@dataclass(frozen=True, slots=True)
class _Place:
    """A key or a value of the text. `again`: a key that the same mapping has had."""

    keys: Keys
    line: int
    token: str
    again: bool = False


def _scan(text: str) -> Iterator[_Place]:
    """Every key and value of a JSON text in its order, with its key path and 1-based line."""
    keys: list[str | int] = []
    seen: list[set[str] | None] = []  # the keys of each mapping that is open; None: a list
    line, key_next = 1, False
    for piece in (found[0] for found in _TOKEN.finditer(text)):
        inside = seen[-1] if seen else None
        if piece == "\n":
            line += 1
        elif piece in "}]":
            keys.pop()
            seen.pop()
        elif piece == "," and inside is None:
            keys[-1] = int(keys[-1]) + 1
        elif piece == ",":
            key_next = True
        elif key_next and inside is not None:
            keys[-1] = key = str(json.loads(piece))
            yield _Place(tuple(keys), line, piece, again=key in inside)
            inside.add(key)
            key_next = False
        elif piece != ":":
            yield _Place(tuple(keys), line, piece)
            key_next = piece == "{"
            if piece in "{[":
                keys.append("" if key_next else 0)
                seen.append(set() if key_next else None)
