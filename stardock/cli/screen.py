"""Where tables go: as wide as the terminal, wider where a word would be cut; through a pipe only sentences are wrapped."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Iterable

from rich.box import Box
from rich.console import Console, RenderableType
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from stardock.cli.told import for_this_file, printable

#: Columns where there is no terminal: what is printed is as wide as it is.
WIDEST = 10_000
#: Columns of a table of sentences where there is no terminal: CI logs and mails are read by people, programs take JSON.
READABLE = 100
#: A table: its head underlined, in ASCII, since under LC_ALL=C Python writes UTF-8 (PEP 538) which such a terminal may not show.
HEAD = Box("    \n    \n -- \n    \n    \n    \n    \n    \n", ascii=True)


class _Console(Console):
    """Whoever read us is gone: that is told as everywhere else, and not by rich's own exit code 1."""

    def on_broken_pipe(self) -> None:
        raise  # noqa: PLE0704 -- rich calls this where it has caught it


def columns(piped: int = READABLE) -> int:
    """Of the terminal; `piped` where stdout is none."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else piped


def row(head: str, text: str) -> str:
    """A sentence behind its head, as wide as people read: further lines stand below its first word, and no word is cut."""
    return textwrap.fill(
        text, columns(), initial_indent=head, subsequent_indent=" " * len(head), break_long_words=False, break_on_hyphens=False
    )


def shown(every: Iterable[RenderableType], *, piped: int = WIDEST) -> None:
    """Print to stdout, in `piped` columns where that is no terminal; rich leaves colours out there, and where NO_COLOR is set."""
    console = _Console(width=columns(piped), highlight=False, markup=False, emoji=False)
    for part in every:
        _tell(part)
        if isinstance(part, Table):
            _keep_words_whole(part, console)
        console.print(part, soft_wrap=isinstance(part, Text), crop=False)


def _tell(part: object) -> None:
    """What stands in a text, or in a table's cells, as `stardock.cli.told` tells it; styles stay."""
    if isinstance(part, Text):
        part.plain = printable(for_this_file(part.plain))
    for column in part.columns if isinstance(part, Table) else ():
        cells = [column.header, *column.cells]
        for cell in cells:
            _tell(cell)
        column.header, *column._cells = [printable(for_this_file(one)) if isinstance(one, str) else one for one in cells]  # noqa: SLF001


def _keep_words_whole(table: Table, console: Console) -> None:
    """Left alone, rich takes from all columns alike, and cuts words in the narrow ones while others have room to wrap."""
    options = console.options.update(width=WIDEST)
    for column in table.columns:
        column.min_width = max(Measurement.get(console, options, cell).minimum for cell in (column.header, *column.cells))
