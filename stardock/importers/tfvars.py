"""terraform.tfvars -> plain values and the line of each, in the shape that `stardock.spec.tree` gives of YAML.

python-hcl2 parses; its own conversion to Python keeps quotes and loses lines, so that its tree is read here. A file of variables holds
values only: an expression is a fault. What cannot be parsed is told and left out, and the rest is read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from hcl2.api import parses_to_tree
from lark.exceptions import UnexpectedInput

from stardock.errors import Problem
from stardock.spec.keypath import Keys, path_text
from stardock.spec.tree import Tree

#: The first line of an assignment at the top level; python-hcl2 stops at the first fault, so that the file is cut at these.
_ASSIGNMENT = re.compile(r"^[A-Za-z_][\w-]*\s*=", re.MULTILINE)
_WORDS = {"true": True, "false": False, "null": None}
#: Between and around values: no values.
_BLANK = frozenset({"new_line_or_comment"})
_EXPRESSION = "this is no plain value: Terraform takes nothing else in a file of variables"


def read_tfvars(text: str) -> Tree:
    """Read a file of variables; never raises for what the text holds."""
    tree = Tree(data={})
    for _ in range(1 + len(_ASSIGNMENT.findall(text))):
        parsed, fault, line = _parsed(text)
        if parsed is not None:
            _Reading(tree).body(parsed)
            return tree
        text, skipped = _without_assignment(text, line)
        tree.problems.append(Problem(fault, line=line, cure=f"left out: {skipped}"))
    return tree


def _parsed(text: str) -> tuple[Any, str, int]:
    try:
        return parses_to_tree(text if text.endswith("\n") else text + "\n"), "", 0
    except RecursionError:
        return None, "this is nested too deeply", 1
    except UnexpectedInput as error:
        line = error.line if isinstance(error.line, int) and error.line > 0 else text.count("\n") + 1
        return None, "not HCL: the text ends or goes on here otherwise than it must", line


def _without_assignment(text: str, line: int) -> tuple[str, str]:
    """Blank out the assignment at the top level around a line, keeping the number of lines; what was left out, in words."""
    lines = text.splitlines(keepends=True)
    starts = [number for number, content in enumerate(lines) if _ASSIGNMENT.match(content)]
    first = max((start for start in starts if start < line), default=0)
    end = min((start for start in starts if start > first), default=len(lines))
    blank = ["\n" for _ in lines[first:end]]
    return "".join([*lines[:first], *blank, *lines[end:]]), f"lines {first + 1} to {end}"


class _Reading:
    """Turns python-hcl2's tree into values."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree

    def body(self, start: Any) -> None:
        """Read every `NAME = VALUE` of the top level; Terraform takes nothing else there."""
        for node in start.children[0].children:
            if node.data == "attribute":
                self._pair(self.tree.data, node, ())
            elif node.data not in _BLANK:
                self._fault("a file of variables has no blocks", node, ())

    def _pair(self, into: dict[str, Any], node: Any, path: Keys) -> None:
        key_node, value_node = _inner(node)[0], _inner(node)[-1]
        key = self._key(key_node, path)
        if key in into:
            self._fault(f"`{key}` is here twice; the last one counts", key_node, (*path, key))
        self.tree.lines[(*path, key)] = _line(key_node)
        into[key] = self._value(value_node, (*path, key))

    def _key(self, node: Any, path: Keys) -> str:
        while node.data in {"object_elem_key", "object_elem_key_expr", "expr_term"}:
            node = _inner(node)[0]
        return str(self._text(node, path) if node.data == "string" else node.children[0])

    def _value(self, node: Any, path: Keys) -> Any:
        self.tree.lines.setdefault(path, _line(node))
        while node.data == "expr_term" and len(_inner(node)) == 1:
            node = _inner(node)[0]
        reader = getattr(self, f"_read_{node.data}", None)
        if reader is None:
            self._fault(_EXPRESSION, node, path)
        return reader(node, path) if reader else None

    def _read_object(self, node: Any, path: Keys) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for pair in _inner(node):
            self._pair(found, pair, path)
        return found

    def _read_tuple(self, node: Any, path: Keys) -> list[Any]:
        return [self._value(item, (*path, i)) for i, item in enumerate(_inner(node))]

    def _read_string(self, node: Any, path: Keys) -> str | None:
        return self._text(node, path)

    def _read_int_lit(self, node: Any, _path: Keys) -> int:
        return int(node.children[0])

    def _read_float_lit(self, node: Any, _path: Keys) -> float:
        return float(node.children[0])

    def _read_literal_value(self, node: Any, _path: Keys) -> bool | None:
        return _WORDS[str(node.children[0])]

    def _text(self, node: Any, path: Keys) -> str | None:
        parts = [part.children[0] for part in _inner(node)]
        if any(hasattr(part, "data") for part in parts):
            self._fault(_EXPRESSION, node, path)
            return None
        return "".join(_unescaped(str(part)) for part in parts)

    def _fault(self, message: str, node: Any, path: Keys) -> None:
        self.tree.problems.append(Problem(message, path=path_text(path), line=_line(node)))


def _inner(node: Any) -> list[Any]:
    """The parts that mean something: no punctuation, no comments."""
    return list(_rules(node))


def _rules(node: Any) -> Iterator[Any]:
    yield from (child for child in node.children if hasattr(child, "data") and child.data not in _BLANK)


def _line(node: Any) -> int:
    return int(node.meta.line)


def _unescaped(text: str) -> str:
    """HCL's escapes are JSON's, and `$${` and `%%{` for a brace that begins no template."""
    text = text.replace("$${", "${").replace("%%{", "%{")
    try:
        return str(json.loads(f'"{text}"', strict=False))
    except ValueError:
        return text
