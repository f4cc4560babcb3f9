"""What a command tells a person: `runner` commands for the file that this one was given, and no control character of anybody's.

Names, logs and answers come from machines and from Proxmox. What a terminal would obey in them (escape sequences: ECMA-48, among them
OSC 52, which fills the clipboard), and what shows text in another order than it has (Unicode's bidirectional controls), is shown as `?`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from shlex import quote
from typing import Any, TypeVar

import click
from click.core import ParameterSource

F = TypeVar("F", bound=Callable[..., Any])

_KEY = "stardock.file"
#: As in `stardock.workspace.files`, which --help does not import.
_DEFAULT = "cluster.yaml"
_LONGEST = 200
_FOR_A_FILE = re.compile(
    r"\brunner (?:lock (?:accept|forget|memory)|image (?:pin|list)|machine (?:status|start|stop|reset|console)|plan|rebalance"
    r"|proxmox-role|doctor|deploy|discover|bootstrap(?! \S+\.tar)|bundle|kured|drift|runs|prove)(?![\w-])(?! -f\b)"
)
#: What a bootstrap repeats beside -f: the bundle, with which other commands are for where its cluster.yaml is, and the machine to run on.
_BOOTSTRAP = re.compile(r"\brunner bootstrap(?: -f \S+)?(?![\w-])(?! \S+\.tar)")
_BUNDLE, _VIA = "stardock.bundle", "stardock.via"


def _keep(ctx: click.Context, _parameter: click.Parameter, value: Path | None) -> Path | None:
    """For every message of this run, those of its errors included: `meta` belongs to all contexts of a run."""
    named = ctx.get_parameter_source("file") is ParameterSource.COMMANDLINE
    default = Path(os.environ.get("STARDOCK_FILE") or _DEFAULT)
    found_anyway = value is not None and os.path.abspath(value) == os.path.abspath(default)  # noqa: PTH100 -- no link is followed
    ctx.meta[_KEY] = value if named and not found_anyway else None
    return value


def keep_bundle(ctx: click.Context, _parameter: click.Parameter, value: Path | None) -> Path | None:
    """The same for the argument BUNDLE."""
    ctx.meta[_BUNDLE] = value
    return value


def keep_via(ctx: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    """The same for --via."""
    ctx.meta[_VIA] = value
    return value


def file_option(**how: Any) -> Callable[[F], F]:
    """`-f FILE`, which messages then repeat."""
    return click.option("-f", "--file", type=click.Path(path_type=Path), callback=_keep, **how)


FILE = file_option(help="The cluster file. [default: $STARDOCK_FILE or ./cluster.yaml]")


def say(text: str, *, err: bool = False) -> None:
    """Print what may hold words of others, and commands to copy."""
    click.echo(printable(for_this_file(text)), err=err)


def for_this_file(text: str) -> str:
    """Write `-f FILE` into each command of ours, where the person named a file so."""
    context = click.get_current_context(silent=True)
    bundle, via, file = (context.meta.get(key) if context else None for key in (_BUNDLE, _VIA, _KEY))
    if file and not bundle:
        text = _FOR_A_FILE.sub(lambda found: f"{found[0]} -f {quote(str(file))}", text)
    again = [*([str(bundle)] if bundle else []), *(["--via", via] if via else [])]
    return _BOOTSTRAP.sub(lambda found: " ".join((found[0], *map(quote, again))), text) if again else text


def brief(text: str) -> str:
    """A value that others chose, no longer than a person compares."""
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def printable(text: str) -> str:
    """No control character, no other order of writing, nothing that cannot be encoded."""
    return "".join(one if one.isprintable() or one in "\n\t" else "?" for one in text)
