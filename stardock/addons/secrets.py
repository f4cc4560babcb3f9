"""Secrets of add-ons: objects in the cluster, whose texts no plan, bundle or lock holds. A mark is in the place of each.

The bundle names where each text comes from, and bootstrap puts it there on servers (`stardock.bundle.addons`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Objects = tuple[Mapping[str, Any], ...]


@dataclass(slots=True)
class Sources:
    """The marks of one add-on. Words of letters and digits, so that a writer of YAML puts no quotes around them."""

    marks: dict[str, str] = field(default_factory=dict)  # mark -> `env:NAME` or `file:PATH`

    def mark(self, source: str) -> str:
        """What stands for the text of a source."""
        known = next((mark for mark, other in self.marks.items() if other == source), None)
        mark = known or f"StardockSecret{len(self.marks)}x"
        self.marks[mark] = source
        return mark


def secret(name: str, namespace: str, texts: Mapping[str, str], labels: Mapping[str, str] | None = None) -> dict[str, Any]:
    """A Secret; `texts` are marks, or YAML with marks in it."""
    metadata = {"name": name, "namespace": namespace, **({"labels": dict(labels)} if labels else {})}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": dict(texts)}


def files_with(name: str, first: Objects, secrets: Objects, rest: Objects) -> dict[str, Objects]:
    """An add-on's files: Secrets are in one of their own, which comes first in the order of names, with the namespace that they need."""
    return {f"{name}-secrets": (*first, *secrets), name: rest} if secrets else {name: (*first, *rest)}
