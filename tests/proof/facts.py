"""The numbers of upstream's facts, with what became of each: rows written by hand, one file a source, and the pages made of them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "facts"
_RANGE = re.compile(r"([A-Z]?)(\d+)-\1(\d+)")
_ROW = {"number", "says", "done", "refused", "not_yet"}


class FactsError(Exception):
    """A file of facts that is not as it should be."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One number: what upstream does, and what Stardock made of it: one of the three or several, each for a part."""

    name: str
    says: str
    done: str = ""
    refused: str = ""
    not_yet: str = ""

    @property
    def state(self) -> str:
        """One or several of done, refused, not yet."""
        return ", ".join(word for word, text in (("done", self.done), ("refused", self.refused), ("not yet", self.not_yet)) if text)


@dataclass(frozen=True, slots=True)
class Source:
    """One file of facts: `name` is the first word of its numbers, `page` where it is shown below docs/."""

    name: str
    title: str
    page: str
    intro: str
    numbers: tuple[str, ...]
    facts: tuple[Fact, ...]


def sources(folder: Path = FOLDER) -> tuple[Source, ...]:
    """All sources, by name. Raises FactsError."""
    return tuple(_source(path) for path in sorted(folder.glob("*.toml")))


def _source(path: Path) -> Source:
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    rows = raw["fact"]
    if wrong := {key for row in rows for key in row.keys() - _ROW}:
        raise FactsError(f"{path.name}: unknown keys {sorted(wrong)}; there are {sorted(_ROW)}")
    facts = tuple(
        Fact(f"{path.stem} {row['number']}", **{key: str(text).strip() for key, text in row.items() if key != "number"}) for row in rows
    )
    numbers = tuple(f"{path.stem} {number}" for word in raw["numbers"] for number in expanded(word))
    return Source(path.stem, raw["title"], raw["page"], raw["intro"].strip(), numbers, facts)


def expanded(word: str) -> list[str]:
    """`A1-A8`, or `1-4`, as its numbers; anything else as itself."""
    found = _RANGE.fullmatch(word)
    return [f"{found[1]}{number}" for number in range(int(found[2]), int(found[3]) + 1)] if found else [word]


def faults(source: Source, proofs: Mapping[str, list[str]]) -> list[str]:
    """What is wrong with a source: numbers that are missing or unknown, and words that no test or no reason carries."""
    names = [fact.name for fact in source.facts]
    found = [f"{name} has no row" for name in source.numbers if name not in names]
    found += [f"{name} is not one of its source's numbers" for name in names if name not in source.numbers]
    found += [f"{name} has two rows" for name in sorted({name for name in names if names.count(name) > 1})]
    for fact in source.facts:
        if not fact.state:
            found.append(f"{fact.name} says neither `done` nor `refused` nor, with the reason, `not_yet`")
        if (fact.done or fact.refused) and not proofs.get(fact.name):
            found.append(f"{fact.name} is {fact.state}, and no test carries @pytest.mark.proves({fact.name!r})")
    return found


def page(shown: Iterable[Source], proofs: Mapping[str, list[str]]) -> str:
    """A page of one or several sources."""
    return HEAD + "\n".join(_section(source, proofs) for source in shown)


HEAD = """\
# What upstream does, number by number

What real Proxmox, QEMU, operating systems and RKE2 do, as found in their source or seen when they ran; and what Stardock does about each.
*Done* and *refused* are shown by the tests named, each run by `pytest tests/PATH::NAME`; *not yet* has its reason.
At which level a feature is proven, [proof.md](proof.md) says.

Written by `make docs` from tests/proof/facts and the markers of the tests: edit those, not this page.

"""


def _section(source: Source, proofs: Mapping[str, list[str]]) -> str:
    table = [f"| [{fact.name}](#{_anchor(fact)}) | {fact.state} |" for fact in source.facts]
    rows = "\n".join(_row(fact, proofs.get(fact.name, [])) for fact in source.facts)
    return f"## {source.title}\n\n{source.intro}\n\n| number | state |\n|---|---|\n" + "\n".join(table) + f"\n\n{rows}"


def _row(fact: Fact, tests: list[str]) -> str:
    told = [("Done", fact.done), ("Refused", fact.refused), ("Not yet", fact.not_yet)]
    lines = [f"### {fact.name}", "", fact.says, *(f"\n**{word}:** {text}" for word, text in told if text)]
    return "\n".join([*lines, *(["", *(f"- `{test}`" for test in tests)] if tests else []), ""])


def _anchor(fact: Fact) -> str:
    return fact.name.lower().replace(" ", "-")
