"""Slips of the keyboard that YAML reads as something else: a missing space, a character that nobody sees, quotes of a word processor."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from functools import cache

from stardock.errors import Problem
from stardock.spec.keypath import printable
from stardock.spec.mistakes import cures
from stardock.spec.sections import all_sections
from stardock.spec.tree import TEMPLATE

#: Message and cure.
Said = tuple[str, str]

#: Spaces that are none to YAML, and characters without width: of Unicode's categories Zs and Cf, the soft hyphen among them.
_SPACES = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
_QUOTE = "[\u2018\u2019\u201a\u201c\u201d\u201e\u00ab\u00bb\u2039\u203a`]"
_QUOTED = re.compile(f"{_QUOTE}(.*){_QUOTE}")
_TEMPLATE = re.compile(r"\{\{|\{%|<%")
#: Keys of whose wrong values more is known: a pattern counts, a source of a secret is called by a variable's name.
_OF_A_FORM = frozenset({"pattern", "env", "content_from", "password_hash"})
_LONGEST = 60


def template(value: str) -> Said | None:
    """For a value, wrong or not, that another tool would fill in."""
    return (TEMPLATE, cures.ITSELF) if cures.FILLED_IN.search(value) else None


def of_value(value: str, key: str = "") -> Said | None:
    """For a key or a value that is wrong: what in it was not meant."""
    if key not in _OF_A_FORM and (said := template(value)):
        return said
    if (unseen := _unseen(value)) is not None:
        return f"`{printable(value)[:_LONGEST]}` holds {unseen}", f"retype it: {seen(value).strip()[:_LONGEST]}"
    quoted = _QUOTED.fullmatch(value)
    if quoted and quoted[1] and "\n" not in value:
        return f"`{value[:_LONGEST]}` has quotes that are none to YAML", f'write "{quoted[1][:_LONGEST]}"'
    return None


def _unseen(text: str) -> str | None:
    found = _SPACES.search(text) or _UNSEEN.search(text)
    if found is None:
        return None
    name = unicodedata.name(found[0], "").lower()
    return f"an invisible character, U+{ord(found[0]):04X} ({name})"


def seen(text: str) -> str:
    """The same without what nobody sees."""
    return _UNSEEN.sub("", _SPACES.sub(" ", text))


def explained(problem: Problem, text: str) -> Problem:
    """The same fault of YAML with its likely cause, of the line where the parser stopped or of the one above."""
    lines = text.splitlines()
    last = min(problem.line or 0, len(lines))
    above = next((n for n in range(last - 1, 0, -1) if lines[n - 1].strip()), 0)
    for number in (last, above):
        said = of_line(lines[number - 1]) if number else None
        if said is not None:
            return replace(problem, message=said[0], cure=said[1], line=number)
    return problem


def of_line(line: str) -> Said | None:
    """What is wrong with a line that YAML does not read."""
    line = re.sub(r"(^|\s)#.*", "", line)[:1000]
    if (unseen := _unseen(line)) is not None:
        return unseen, "put an ordinary space in its place" if _SPACES.search(line) else "retype the line"
    if _TEMPLATE.search(line):
        return TEMPLATE, "write the value itself"
    return _of_a_dash(line.strip()) or _of_a_colon(line.strip()) or _of_another_language(line.strip())


def _of_a_dash(line: str) -> Said | None:
    dash = re.match(r"-(?=[^\s-])|[*\u2013\u2014\u2022\u00b7] ?(?=\S)", line)
    if dash is None or re.match(r"-?\d", line):
        return None
    message = "there is no space after `-`" if dash[0] == "-" else f"`{dash[0].strip()}` begins no item of a list"
    return message, f"write `- {line[dash.end() :][:_LONGEST]}`"


def _of_a_colon(line: str) -> Said | None:
    """`key:value`, `key = value`, `key value`; only of keys that there are."""
    whole = re.fullmatch(r"(- )?([A-Za-z]\w*)(:(?!//)(?=[^\s:])|\s*=\s*|\s+)(.*)", line)
    if whole and whole[2] in _keys() and (whole[3][0] == ":" or ":" not in line):
        message = f"there is no space after `{whole[2]}:`" if whole[3][0] == ":" else f"there is no `:` after `{whole[2]}`"
        return message, f"write `{whole[1] or ''}{whole[2]}: {whole[4][:_LONGEST]}`"
    inside = next((found for found in re.finditer(r"[{,]\s*([A-Za-z]\w*):(?!//)(?=\S)", line) if found[1] in _keys()), None)
    return (f"there is no space after `{inside[1]}:`", f"write `{inside[1]}: `") if inside else None


def _of_another_language(line: str) -> Said | None:
    if line.startswith(("//", "/*")):
        return "a comment begins with `#`", f"write `# {line.lstrip('/* ')[:_LONGEST]}`"
    json = re.fullmatch(r'"(\w+)":\s*("?)([^"{}\[\]]+)\2,', line)
    return ("a line ends with a comma, as in JSON", f"write `{json[1]}: {json[3][:_LONGEST]}`") if json else None


@cache
def _keys() -> frozenset[str]:
    return frozenset(name for section in all_sections() for name in section.model_fields)
