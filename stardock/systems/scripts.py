"""First-boot scripts and units that are files: the folder `cloudinit/`.

`X.j2` is a jinja2 template, for texts that values go into; every other file is used as it is. A value is never a template itself.
"""

from __future__ import annotations

import posixpath
import shlex
from functools import cache
from typing import TYPE_CHECKING

from stardock.shipped import ROOT

if TYPE_CHECKING:
    from jinja2 import Environment, Template


@cache
def script(name: str) -> str:
    """Give the text of a file of `cloudinit/`; FileNotFoundError when the installation lacks it."""
    return (ROOT / "cloudinit" / name).read_text(encoding="utf-8")


def filled(name: str, **values: object) -> str:
    """Fill in a template of `cloudinit/` (a name in `.j2`): jinja2's UndefinedError when a value that it uses is missing.

    Beside jinja2's own filters: `quoted` (one word for the shell) and `folder` (the folder of a path).
    """
    return _template(name).render(values)


@cache
def _template(name: str) -> Template:
    return _environment().from_string(script(name))


@cache
def _environment() -> Environment:
    """jinja2 as these files want it: no escaping for HTML, nothing undefined, and a text that ends as its file does."""
    from jinja2 import Environment, StrictUndefined  # noqa: PLC0415 -- 30 ms, for the plans that fill in a template

    made = Environment(autoescape=False, undefined=StrictUndefined, keep_trailing_newline=True, trim_blocks=True)  # noqa: S701 -- no HTML
    made.filters.update(quoted=shlex.quote, folder=posixpath.dirname)
    return made
