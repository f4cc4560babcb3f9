"""Collects the `proves` markers from the tests' source: no test is imported, so that a page is made in a second."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parents[1]
MARKER = "proves"
#: What takes a test out of the run takes its proof away.
_NEVER_RUN = {"skip", "xfail"}


class MarkerError(Exception):
    """A marker that proves nothing: where it is, and why."""


def proofs(root: Path = TESTS) -> dict[str, list[str]]:
    """Number or feature -> its tests, as `lab/test_x.py::test_y`, in order. Raises MarkerError."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in sorted(root.rglob("test_*.py")):
        for test, name in _of_file(path, str(path.relative_to(root))):
            found[name].add(test)
    return {name: sorted(tests) for name, tests in sorted(found.items())}


def _of_file(path: Path, shown: str) -> Iterator[tuple[str, str]]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    read: set[ast.Call] = set()
    of_all = [call for node in tree.body if _is_pytestmark(node) for call in _calls(node)]
    for test, node in _tests(tree.body):
        own = [call for decorator in node.decorator_list for call in _calls(decorator)]
        if own and _never_runs(node):
            raise MarkerError(f"tests/{shown}:{node.lineno}: {test} is never run, so it proves nothing")
        for call in (*of_all, *own):
            read.add(call)
            yield from ((f"{shown}::{test}", name) for name in _names(call, shown))
    for call in _calls(tree):
        if call not in read:
            raise MarkerError(f"tests/{shown}:{call.lineno}: put `pytest.mark.{MARKER}` on a test or into `pytestmark`")


def _tests(body: list[ast.stmt], of: str = "") -> Iterator[tuple[str, ast.FunctionDef]]:
    for node in body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test"):
            yield of + node.name, node
        elif isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            yield from _tests(node.body, f"{of}{node.name}::")


def _is_pytestmark(node: ast.stmt) -> bool:
    targets = node.targets if isinstance(node, ast.Assign) else []
    return any(isinstance(target, ast.Name) and target.id == "pytestmark" for target in targets)


def _calls(node: ast.AST) -> Iterator[ast.Call]:
    return (one for one in ast.walk(node) if isinstance(one, ast.Call) and _called(one) == MARKER)


def _called(call: ast.Call) -> str:
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""


def _names(call: ast.Call, shown: str) -> list[str]:
    names = [word.value for word in call.args if isinstance(word, ast.Constant) and isinstance(word.value, str)]
    if not names or len(names) != len(call.args):
        raise MarkerError(f"tests/{shown}:{call.lineno}: `{MARKER}` takes texts as they stand, as `{MARKER}('reality A1')`")
    return names


def _never_runs(node: ast.FunctionDef) -> bool:
    words = (ast.unparse(decorator).removeprefix("pytest.mark.").partition("(")[0] for decorator in node.decorator_list)
    return bool(_NEVER_RUN.intersection(words))
