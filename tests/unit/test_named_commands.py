"""Messages name commands, pages and examples: each that is named is there, with the options that it is named with."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from stardock.cli.main import COMMANDS, runner
from tests.plans import ROOT

pytestmark = pytest.mark.unit
_COMMAND = re.compile(r"\brunner ((?:--debug )?[a-z][a-z-]+)((?: [A-Za-z0-9{}<>./'_-]+)*)")
_PLACE = re.compile(r"\b((?:docs|examples)/[A-Za-z0-9_./-]*[A-Za-z0-9_])")
#: `ansible-runner writes`, `CLI runner`: other runners.
_OTHERS = ("ansible-", "ansible_", "test ")
_NO_COMMANDS = frozenset({"destroy"})


def _texts(path: Path) -> Iterator[tuple[int, str]]:
    """The texts of a file, f-strings with X for what they fill in; of a Python file those that are no docstring."""
    if path.suffix != ".py":
        yield from enumerate(path.read_text().splitlines(), 1)
        return
    tree = ast.parse(path.read_text())
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)}
    inner = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node) if part is not node}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield node.lineno, "".join(str(part.value) if isinstance(part, ast.Constant) else "X" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose | inner:
            yield node.lineno, node.value


def _files() -> list[Path]:
    code = [path for path in (ROOT / "stardock").rglob("*.py") if "payload" not in path.parts]
    ansible = [*(ROOT / "ansible").rglob("*.yml"), *(ROOT / "ansible").rglob("*.j2")]
    return sorted([*code, *ansible, *(ROOT / "docs").glob("*.md"), ROOT / "README.md"])


def _wrong(name: str, rest: str) -> str | None:
    """What is wrong with a command line; None where it can be typed."""
    if name not in COMMANDS:
        return f"there is no `{name}`"
    context = click.Context(runner)
    command = runner.get_command(context, name)
    words = [word.rstrip(".'") for word in rest.split()]
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        command, words = command.get_command(context, words[0]), words[1:]
        if command is None:
            return f"`{name}` has no such command"
    known = {option for one in (command.params if command else ()) for option in (*one.opts, *one.secondary_opts)} | {"--help", "-h"}
    behind = words.index("--") if "--" in words else len(words)
    unknown = [word for word in words[:behind] if word.startswith("-") and word.partition("=")[0] not in known]
    return f"`{name}` has no {', '.join(unknown)}" if unknown else None


def _named() -> Iterator[tuple[str, str, str]]:
    for path in _files():
        for line, text in _texts(path):
            for found in _COMMAND.finditer(text):
                if not text[: found.start()].endswith(_OTHERS) and found[1] not in _NO_COMMANDS:
                    yield f"{path.relative_to(ROOT)}:{line}", found[1], found[2]


def test_every_command_that_is_named_exists_with_its_options() -> None:
    named = list(_named())
    assert len(named) > 200, "the walk finds no messages any more"
    wrong = [f"{place}: runner {name}{rest}: {why}" for place, name, rest in named if (why := _wrong(name, rest))]
    assert not wrong, "\n".join(wrong)


def test_every_page_and_example_that_is_named_exists() -> None:
    missing = [
        f"{path.relative_to(ROOT)}:{line}: {place}"
        for path in _files()
        for line, text in _texts(path)
        for place in _PLACE.findall(text)
        if "://" not in text.split(place)[0][-60:] and "*" not in place and not (ROOT / place).exists()
    ]
    assert not missing, "\n".join(missing)
