"""Simple commands of a block of shell, and whether the programs of this project would take them. Nothing is executed here."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from functools import cache

import click

from stardock.cli.main import runner
from tests.plans import ROOT

#: cdktf 0.21: what its `--help` lists, of which pages may use these.
CDKTF = frozenset({"synth", "deploy", "destroy", "diff", "list", "get"})
_ENDS = frozenset({"&&", "||", ";", "|", "&", "(", ")", "{", "}", "then", "do", "else", "fi", "done"})
_LEADS = frozenset({"if", "while", "!", "sudo", "time", "nice"})
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")


def commands(text: str) -> Iterator[list[str]]:
    """Each simple command's words, without assignments before it, redirections and comments."""
    for line in text.replace("\\\n", " ").splitlines():
        words: list[str] = []
        for word in _words(line):
            if word in _ENDS:
                yield from _trimmed(words)
                words = []
            else:
                words.append(word)
        yield from _trimmed(words)


def _words(line: str) -> list[str]:
    lexer = shlex.shlex(line, posix=True, punctuation_chars="();<>|&")
    lexer.whitespace_split = True
    lexer.commenters = "#"
    return list(lexer)


def _trimmed(words: list[str]) -> Iterator[list[str]]:
    kept = list(words)
    while kept and (kept[0] in _LEADS or _ASSIGNMENT.match(kept[0])):
        kept.pop(0)
    places = [index for index, word in enumerate(kept) if set(word) <= {"<", ">", "&"}]
    if kept := kept[: places[0]] if places else kept:
        yield kept


def refused(words: list[str], *, strict: bool = True) -> str | None:
    """Why the command is none of ours: the words of click, make or this module. None: fine, or not a program of the project."""
    match words:
        case ["runner", *arguments]:
            return _refused_by_runner(arguments, strict=strict)
        case ["make", *arguments]:
            unknown = [word for word in arguments if not re.match(r"-|[A-Z]+=", word) and word not in make_targets()]
            return f"make has no target {unknown}" if unknown else None
        case ["cdktf", *arguments]:
            return None if arguments and arguments[0] in CDKTF else f"cdktf has no command {arguments}"
        case _:
            return None


def _refused_by_runner(arguments: list[str], *, strict: bool) -> str | None:
    command: click.Command = runner
    parent, name, left = None, "runner", list(arguments)
    try:
        while True:
            context = command.make_context(name, left, parent=parent, resilient_parsing=not strict)
            if not isinstance(command, click.Group):
                return _refused_behind(list(arguments))
            words = [*context._protected_args, *context.args]
            if not words and not strict:
                return None
            found, inner, left = command.resolve_command(context, words)
            if inner is None or found is None:
                return f"no command {words}"
            parent, name, command = context, found, inner
    except click.BadParameter as error:
        return None if error.param and isinstance(error.param.type, click.Path) else error.format_message()
    except click.ClickException as error:
        return error.format_message()
    except click.exceptions.Exit:
        return None


def _refused_behind(arguments: list[str]) -> str | None:
    """What `runner lab run -- COMMAND` would run."""
    return refused(arguments[arguments.index("--") + 1 :]) if arguments[:2] == ["lab", "run"] and "--" in arguments else None


@cache
def make_targets() -> frozenset[str]:
    """The targets of the Makefile."""
    return frozenset(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
