"""A page of docs/walks, step by step: a block of YAML is an edit of the cluster file, a block of shell is run."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Literal, NamedTuple

from tests.lab.cluster import Cluster
from tests.plans import ROOT

_FENCE = re.compile(r"^```(yaml|sh)\n(.*?)^```$", flags=re.DOTALL | re.MULTILINE)
#: A key at the left margin with all that belongs to it.
_SECTION = re.compile(r"^([a-z_]+):.*\n(?:(?:[ #].*)?\n)*", flags=re.MULTILINE)
#: What the lab has done already: the folder, its files, a key.
_DONE = ("mkdir ", "cd ", "cp ", "ssh-keygen ")


class Step(NamedTuple):
    """What a person does."""

    kind: Literal["yaml", "sh"]
    text: str


def steps(walk: str) -> list[Step]:
    """Those of docs/walks/WALK.md, in their order."""
    page = (ROOT / f"docs/walks/{walk}.md").read_text()
    return [Step("yaml" if kind == "yaml" else "sh", text) for kind, text in _FENCE.findall(page)]


def edited(text: str, edit: str) -> str:
    """A cluster file whose keys at the left margin are those of the edit, where it has them; new ones come before `pools`."""
    for section in _SECTION.finditer(edit):
        there = re.search(rf"^{section[1]}:.*\n(?:(?:[ #].*)?\n)*", text, flags=re.MULTILINE)
        if there:
            text = f"{text[: there.start()]}{section[0].rstrip()}\n\n{text[there.end() :]}"
        else:
            text = text.replace("\npools:", f"\n{section[0]}\npools:", 1)
    return text


def commands(step: Step) -> Iterator[str]:
    """The lines of a block of shell that are left to do."""
    return (line for line in step.text.splitlines() if not line.startswith(_DONE))


def done(cluster: Cluster, steps: Sequence[Step], words: Callable[[str], str]) -> str:
    """What the commands said; `words` gives a text of the page the lab's addresses."""
    said = ""
    for step in steps:
        if step.kind == "yaml":
            cluster.file.write_text(words(edited(cluster.file.read_text(), step.text)))
        else:
            script = "\n".join(commands(step))
            said += cluster.inside("env", "-C", str(cluster.folder), "sh", "-eu", "-c", script, timeout=900).stdout
    return said
