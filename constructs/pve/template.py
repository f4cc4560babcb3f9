"""The one door by which a text becomes part of the Terraform JSON: nothing in it is live but what is made here.

Strings of the JSON are templates (https://opentofu.org/docs/language/syntax/json/#expression-mapping): `${...}` and `%{...}` are evaluated,
functions such as `file` and `uuid` with them. cdktf looks through every string too, before that, for its own marks (0.21,
lib/tokens/private/encoding.js): `${TfToken[...]}`, `#{TfToken[...]}`, numbers that stand for tokens, two texts that stand for maps.
All props of constructs that are texts are `Template`, so that mypy refuses a text of the plan's that did not come through here.
Where the JSON takes no expression (addresses, aliases, names of resources) stand names only, whose form cluster.yaml and the lock check.
"""

from __future__ import annotations

import re
from typing import NewType

#: A template as the engine reads it.
Template = NewType("Template", str)

#: Between two letters it parts what cdktf would read as a mark, and is nothing to the engine.
_NOTHING = '${""}'
_MAP_VALUES = frozenset({"String Map Token Value", "Any Map Token Value"})
#: What cdktf reads as numbers, and how JavaScript's parseFloat reads their beginning.
_NUMBERS = re.compile(r"[-|\d.+]+(?=e[-|\d.eE+]+)")
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)e[-+]?\d+")
#: The doubles that stand for tokens have the first bits 0xFDFF: about -8e298.
_TOKENS_BELOW = -1e298


def literal(text: str) -> Template:
    """A text that the engine reads as it is."""
    escaped = text.replace("${", "$${").replace("%{", "%%{").replace("TfToken[", f"TfToken{_NOTHING}[")
    escaped = _NUMBERS.sub(lambda found: found[0] + (_NOTHING if _is_token(escaped[found.start() :]) else ""), escaped)
    return Template(_NOTHING + escaped if text in _MAP_VALUES else escaped)


def variable(name: str) -> Template:
    """The value of a Terraform variable."""
    return Template(f"${{var.{name}}}")


def joined(*parts: Template) -> Template:
    """One template after the other: where one ends as an escape begins, it is parted from the next."""
    return Template("".join(part + (_NOTHING if part.endswith(("$", "%")) else "") for part in parts))


def home_path(path: str) -> Template:
    """A path under `~`, which the engine finds itself: the JSON is the same for everyone."""
    return Template(f"${{pathexpand({_quoted(path)})}}")


def file_content(path: str) -> Template:
    """What a file holds, read by the engine, so that it stays out of the JSON; the path as for `home_path` or from the stack's folder."""
    return Template(f"${{file(pathexpand({_quoted(path)}))}}" if path.startswith("~") else f"${{file({_quoted(path)})}}")


def _is_token(text: str) -> bool:
    found = _NUMBER.match(text)
    return found is not None and float(found[0]) < _TOKENS_BELOW


def _quoted(text: str) -> str:
    """A string of the template language, every character that is not plain as its number."""
    return '"' + "".join(char if char.isascii() and (char.isalnum() or char in "/._~- ") else _escape(char) for char in text) + '"'


def _escape(char: str) -> str:
    return f"\\U{ord(char):08x}" if ord(char) > 0xFFFF else f"\\u{ord(char):04x}"  # noqa: PLR2004  the last with four digits
