"""Data structures to YAML that every reader takes alike: cloud-init's and Ansible's YAML 1.1, and 1.2.

Written out here because a thousand machines have three documents each: a general emitter takes a hundred times as long.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

#: Texts that YAML 1.1 and 1.2 both read as that text when written bare.
_BARE = re.compile(r"[A-Za-z/][A-Za-z0-9_./-]*(?: [A-Za-z0-9_./-]+)*")
_RESERVED = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})

Style = Callable[[str], str]


def quoted(text: str) -> str:
    """The text in double quotes. JSON's escapes are YAML's; what JSON leaves bare and YAML forbids is escaped as well."""
    return "".join(one if one.isprintable() else _escaped(one) for one in json.dumps(text, ensure_ascii=False))


def plain(text: str) -> str:
    """The text in the plainest style in which every reader takes it for a text: several lines as a block, bare only where that is safe."""
    return _block(text) if _can_be_block(text) else _one_line(text)


def yaml_text(data: Mapping[str, Any], *, style: Style = plain) -> str:
    """Write data as YAML, keys in the order given; `style` writes a value that is a text (lines after the first as a block's content)."""
    return "".join(f"{line}\n" for line in _mapping(data, style)) if data else "{}\n"


def _mapping(data: Mapping[str, Any], style: Style) -> Iterator[str]:
    for key, value in data.items():
        yield from _after(f"{_one_line(str(key))}:", value, style)


def _sequence(data: Sequence[Any], style: Style) -> Iterator[str]:
    for value in data:
        if isinstance(value, Mapping | list | tuple) and value:
            first, *rest = _lines(value, style)
            yield f"- {first}"
            yield from (f"  {line}" for line in rest)
        else:
            yield from _after("-", value, style)


def _after(key: str, value: Any, style: Style) -> Iterator[str]:
    """A key or a dash with its value: on the same line, or below it."""
    if isinstance(value, Mapping | list | tuple) and value:
        yield key
        yield from (f"  {line}" for line in _lines(value, style))
        return
    first, *rest = _scalar(value, style).split("\n")
    yield f"{key} {first}"
    yield from (f"  {line}" if line else "" for line in rest)


def _lines(value: Mapping[str, Any] | Sequence[Any], style: Style) -> Iterator[str]:
    return _mapping(value, style) if isinstance(value, Mapping) else _sequence(value, style)


def _scalar(value: Any, style: Style) -> str:
    return style(value) if isinstance(value, str) else json.dumps(value)


def _one_line(text: str) -> str:
    bare = _BARE.fullmatch(text) and text.lower() not in _RESERVED
    return text if bare else quoted(text)


def _can_be_block(text: str) -> bool:
    """Several lines of printable characters that begin with one; more than one line break at the end would need a style of its own."""
    lines = text.split("\n")
    return len(lines) > 1 and lines[0].strip() != "" and text[0] != " " and not text.endswith("\n\n") and all(map(str.isprintable, lines))


def _block(text: str) -> str:
    return f"|\n{text[:-1]}" if text.endswith("\n") else f"|-\n{text}"


def _escaped(character: str) -> str:
    number = ord(character)
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"  # noqa: PLR2004  YAML's two forms
