"""YAML text -> plain values and the line of each, with every syntax fault in words.

Works on composed nodes, not on constructed objects: all duplicate keys are found at once, nothing is executed by a tag, and an
alias inside itself or a file that unfolds without end is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from stardock.errors import Problem
from stardock.spec.keypath import Keys, path_text

#: Aliases may multiply a small file; a thousand machines need about 10,000 values.
MAX_VALUES = 200_000

#: So many brackets are refused unread: ruamel needs seconds until Python stops it.
_DEEP = re.compile(r"(?:[\[{]\s*){50}")
_TOO_DEEP = Problem("the file is nested too deeply", line=1, cure="no key of cluster.yaml needs more than seven levels")

TEMPLATE = "this is a template, and cluster.yaml has none"

_TAG = "tag:yaml.org,2002:"
_WORDS = {"true": True, "false": False}


@dataclass(slots=True)
class Tree:
    """What a file says. `lines` are 1-based, by key path; `problems` are faults of the file as YAML.

    `texts` are numbers and booleans as they stand there: `1.10`, and not 1.1.
    """

    data: Any = None
    lines: dict[Keys, int] = field(default_factory=dict)
    texts: dict[Keys, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def read_tree(text: str) -> Tree:
    """Parse one YAML document; never raises for what the text holds."""
    tree = Tree()
    if _DEEP.search(text):
        return Tree(problems=[_TOO_DEEP])
    try:
        node = YAML(typ="safe", pure=True).compose(text)
        tree.data = _Unfolding(tree).value(node, ()) if node is not None else None
    except RecursionError:
        tree.problems.append(_TOO_DEEP)
    except (YAMLError, _TooMuchError) as error:
        tree.problems.append(syntax_problem(error, text))
    return tree


class _TooMuchError(Exception):
    """The file unfolds to more than MAX_VALUES."""


@dataclass(slots=True)
class _Unfolding:
    tree: Tree
    values: int = 0
    inside: list[int] = field(default_factory=list)  # ids of the nodes that are being unfolded

    def value(self, node: Node, path: Keys) -> Any:
        """The node as a plain value; notes its line unless the key's line is there already."""
        self.values += 1
        if self.values > MAX_VALUES:
            raise _TooMuchError
        self.tree.lines.setdefault(path, _line(node))
        if isinstance(node, ScalarNode):
            return self._scalar(node, path)
        if id(node) in self.inside:
            self._problem("the alias stands inside of what it names", node, path, "write the values out")
            return None
        self.inside.append(id(node))
        value = self._mapping(node, path) if isinstance(node, MappingNode) else self._sequence(node, path)
        self.inside.pop()
        return value

    def _sequence(self, node: Node, path: Keys) -> list[Any]:
        return [self.value(item, (*path, i)) for i, item in enumerate(node.value)]

    def _mapping(self, node: MappingNode, path: Keys) -> dict[str, Any]:
        first: dict[str, int] = {}
        found: dict[str, Any] = {}
        for key_node, value_node in _without_merges(node):
            key = self._key(key_node, path)
            if key is None:
                continue
            if key in first:
                self._problem(f"the key `{key}` is here twice, first on line {first[key]}", key_node, (*path, key), _one_of(value_node))
                continue
            first[key] = self.tree.lines[(*path, key)] = _line(key_node)
            found[key] = self.value(value_node, (*path, key))
        return self._merged(node, path) | found

    def _merged(self, node: MappingNode, path: Keys) -> dict[str, Any]:
        """What `<<` brings in; earlier sources win over later ones."""
        sources = [value for key, value in node.value if key.tag == _TAG + "merge"]
        sources = [item for source in sources for item in (source.value if isinstance(source, SequenceNode) else [source])]
        merged: dict[str, Any] = {}
        for source in reversed(sources):
            value = self.value(source, path)
            if isinstance(value, dict):
                merged |= value
            else:
                self._problem("`<<` takes a mapping", source, path, "name an anchor of a mapping: `<<: *NAME`")
        return merged

    def _key(self, node: Node, path: Keys) -> str | None:
        if isinstance(node, ScalarNode) and node.tag == _TAG + "str":
            return self._text(node, path)
        if isinstance(node, ScalarNode):
            self._problem(f"the key {node.value} is not text", node, path, f'put it in quotes: "{node.value}"')
        elif isinstance(node, MappingNode):  # `{{ x }}`
            self._problem(TEMPLATE, node, path, "write the value itself")
        else:
            self._problem("the key ... is not text", node, path, "write one word before the `:`")
        return None

    def _text(self, node: ScalarNode, path: Keys) -> str | None:
        """JSON writes one character as two escapes, a surrogate pair; half of a pair is none. Nor is NUL in any file, name or command."""
        if "\0" in node.value:
            self._problem("a NUL character (an escape \\0): no file, name or command can hold it", node, path, "delete it")
            return None
        try:
            return str(node.value).encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            self._problem("half of a character (an escape \\uD800 to \\uDFFF)", node, path, "write the character itself")
            return None

    def _scalar(self, node: ScalarNode, path: Keys) -> Any:
        kind = node.tag.removeprefix(_TAG) if isinstance(node.tag, str) else ""
        if kind in {"str", "timestamp", "value"}:  # a date is not a thing that cluster.yaml has
            return self._text(node, path)
        if kind == "null":
            return None
        self.tree.texts[path] = node.value
        try:
            return _number_or_word(kind, node.value)
        except (KeyError, ValueError):
            cure = "nothing is decrypted here: write the value itself" if kind == "!vault" else "write the value without `!`"
            self._problem(f"the tag `{kind or node.tag}` is not understood here", node, path, cure)
            return None

    def _problem(self, message: str, node: Node, path: Keys, cure: str | None) -> None:
        self.tree.problems.append(Problem(message, path=path_text(path), line=_line(node), cure=cure))


def _number_or_word(kind: str, text: str) -> Any:
    """YAML 1.2's numbers and booleans. A number with a leading zero (a file mode) stays text: it would lose the zero."""
    if kind == "bool":
        return _WORDS[text.lower()]
    digits = text.replace("_", "")
    if kind == "int":
        return text if re.fullmatch(r"[-+]?0o?[0-9]+", digits) else int(digits, 0)
    if kind == "float":
        return float(digits.lower().replace(".inf", "inf").replace(".nan", "nan"))
    raise KeyError(kind)


def _without_merges(node: MappingNode) -> list[tuple[Node, Node]]:
    return [(key, value) for key, value in node.value if key.tag != _TAG + "merge"]


def _one_of(value: Node) -> str:
    """What to do with the second of two equal keys."""
    return "keep one" if isinstance(value, ScalarNode) else "put what both hold under one"


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1


#: what ruamel says -> what it means, and the cure
_FAULTS = (
    (r"found character '\\t'", "there is a tab where YAML takes only spaces", "replace the tab by spaces"),
    (r"found character '(.)'", "`{0}` cannot begin a value", "put the value in quotes"),
    (
        r"mapping values are not allowed",
        "there is a `:` where no key can be",
        "check the indentation, or put a value that holds `: ` in quotes",
    ),
    (r"unexpected end of stream", "a quoted text is never closed", "add the missing quote"),
    (r"expected ',' or '\]'", "a list that began with `[` is not closed, or a comma is missing", "add `]` or `,`"),
    (r"expected ',' or '\}'", "a mapping that began with `{{` is not closed, or a comma is missing", "add `}` or `,`"),
    (r"expected <block end>", "the indentation does not fit the lines above", "align it with its neighbours"),
    (r"could not find expected ':'", "a key without `:`", "write `KEY: VALUE`"),
    (r"undefined alias '?([^'\s]*)", "the alias `*{0}` names nothing", "put the value in quotes, or define `&{0}` before"),
    (r"another document", "there is a second document after `---`", "one file describes one cluster: split it"),
)


def syntax_problem(error: Exception, text: str) -> Problem:
    """What a parser's error means. Only the first is known: after it, nothing can be read."""
    if isinstance(error, _TooMuchError):
        return Problem(f"the file unfolds to more than {MAX_VALUES} values", line=1, cure="use fewer aliases")
    if isinstance(error, ReaderError):
        return Problem(f"a control character (U+{int(error.character):04X})", line=_line_at(text, error.position), cure="delete it")
    said = " ".join(str(part) for part in (getattr(error, "problem", None), getattr(error, "context", None)) if part)
    line = _fault_line(error)
    for pattern, meaning, cure in _FAULTS:
        found = re.search(pattern, said)
        if found:
            return Problem(meaning.format(*found.groups()), line=line, cure=cure.replace("{0}", found[1]) if found.groups() else cure)
    cure = "look at this line and the one above it: a quote or bracket that is not closed, an indentation that fits no other line"
    return Problem(f"not YAML: {said or type(error).__name__}", line=line, cure=cure)


def _fault_line(error: Exception) -> int | None:
    if not isinstance(error, MarkedYAMLError):
        return None
    unclosed = error.context_mark if "unexpected end of stream" in str(error.problem) else None  # told where it begins
    mark = unclosed or error.problem_mark or error.context_mark
    return int(mark.line) + 1 if mark is not None else None


def _line_at(text: str, position: object) -> int:
    return text.count("\n", 0, position if isinstance(position, int) else 0) + 1
