"""Texts of files with secrets in them: the bundle has a mark in each one's place, and the role `machine` fills it in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

#: What a secret is in its file: a part of a URL, or one text of YAML.
As = Literal["url", "yaml"]


@dataclass(slots=True)
class Marks:
    """The marks of one file. Words of letters and digits, so that a writer of YAML puts no quotes around them."""

    given: dict[tuple[str, As], str] = field(default_factory=dict)

    def of(self, source: str, kind: As) -> str:
        """The mark of a source (`env:NAME`, `file:PATH`)."""
        return self.given.setdefault((source, kind), f"StardockSecret{len(self.given)}x")

    def file(self, path: str, content: str, mode: str = "0600", **more: Any) -> Mapping[str, Any]:
        """A file of `machine_secret_files`."""
        fills = [{"mark": mark, "source": source, "kind": kind} for (source, kind), mark in self.given.items()]
        return {"path": path, "content": content, "fills": fills, "mode": mode, **more}
