"""A page of Markdown as GitHub shows it: links, anchors, blocks of shell with what they need, inline code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.plans import ROOT

_FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", flags=re.DOTALL | re.MULTILINE)
_CODE = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} (.+)$", flags=re.MULTILINE)
_NEEDS = re.compile(r"<!-- needs: ([^>]+) -->\n\Z")


@dataclass(frozen=True)
class Block:
    """A block of shell."""

    text: str
    needs: tuple[str, ...]  # what the comment before it names; () where this machine is enough
    line: int


@dataclass(frozen=True)
class Page:
    """One file."""

    path: Path

    @property
    def name(self) -> str:
        """Below the checkout."""
        return str(self.path.relative_to(ROOT))

    @property
    def text(self) -> str:
        """All of it."""
        return self.path.read_text(encoding="utf-8")

    @property
    def prose(self) -> str:
        """Without fenced blocks."""
        return _FENCE.sub("", self.text)

    @property
    def links(self) -> list[str]:
        """Targets of links and pictures, those of other hosts left out."""
        found = _LINK.findall(_CODE.sub("", self.prose))
        return [target for target in found if not target.startswith(("https://", "http://", "mailto:"))]

    @property
    def anchors(self) -> frozenset[str]:
        """What `#...` may name."""
        return frozenset(_slugs(_HEADING.findall(self.prose)))

    @property
    def blocks(self) -> list[Block]:
        """The blocks of shell."""
        text = self.text
        return [
            Block(found[3], _needs(text[: found.start()]), text.count("\n", 0, found.start(3)) + 1)
            for found in _FENCE.finditer(text)
            if found[2] == "sh"
        ]

    @property
    def inline(self) -> list[str]:
        """Inline code."""
        return _CODE.findall(self.prose)


def _needs(before: str) -> tuple[str, ...]:
    found = _NEEDS.search(before)
    return tuple(word.strip() for word in found[1].split(",")) if found else ()


def _slugs(headings: list[str]) -> Iterator[str]:
    """As GitHub makes them: lower case, punctuation gone, spaces to hyphens, a number behind what repeats."""
    seen: dict[str, int] = {}
    for heading in headings:
        shown = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", shown.strip().lower()).replace(" ", "-")
        count = seen.get(slug, 0)
        seen[slug] = count + 1
        yield f"{slug}-{count}" if count else slug


@cache
def pages() -> tuple[Page, ...]:
    """Every page that a person reads."""
    found = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md")), ROOT / "bench/README.md"]
    return tuple(Page(path) for path in found)


README = Page(ROOT / "README.md")
