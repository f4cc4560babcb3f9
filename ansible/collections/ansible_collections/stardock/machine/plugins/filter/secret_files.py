"""Ansible filters: what files with secrets need, and their contents (see DOCUMENTATION of each, beside this)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import yaml

File = Mapping[str, Any]


def sources(file: File) -> list[str]:
    """Name where a file's secrets come from."""
    return [file["source"]] if "source" in file else [fill["source"] for fill in file["fills"]]


def content(file: File, contents: Sequence[Mapping[str, str]]) -> str:
    """Give a file's whole text: that of its source, or its own with a secret in place of each mark."""
    known = {each["source"]: each["content"] for each in contents}
    if "source" in file:
        return known[file["source"]]
    fills = {fill["mark"]: filled(fill, known[fill["source"]]) for fill in file["fills"]}
    if not fills:
        return str(file["content"])
    # in one pass: a secret that looks like a mark is none
    return re.sub("|".join(map(re.escape, fills)), lambda found: fills[found[0]], file["content"])


def filled(fill: Mapping[str, str], text: str) -> str:
    """Give a secret as it stands in its file; a text's last line ends with a line end that is none of it."""
    bare = text.removesuffix("\n")
    if fill["kind"] == "yaml":
        return yaml.dump(bare, default_style='"', allow_unicode=True, width=float("inf")).removesuffix("\n")
    return quote(bare, safe="")


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Map each filter's name to its function."""
        return {"sources": sources, "content": content}
