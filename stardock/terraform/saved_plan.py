"""What an engine would do, saved: the plan's file, and its JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stardock.errors import EngineError
from stardock.terraform.changes import MACHINE
from stardock.terraform.messages import Transcript


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """A plan on disk and as JSON; `transcript.errors` is not empty when planning failed."""

    path: Path
    json: Mapping[str, Any]
    transcript: Transcript

    @property
    def empty(self) -> bool:
        """Whether applying it would do nothing: no change, no import."""
        changes = (item["change"] for item in self.json.get("resource_changes", ()))
        return not any(change.get("importing") or set(change["actions"]) - {"no-op", "read"} for change in changes)

    def count_others(self) -> dict[str, int]:
        """Count what happens to resources that are no machines, by the word for it."""
        words = (_word(item["change"]["actions"]) for item in self.json.get("resource_changes", ()) if item.get("type") != MACHINE)
        return dict(Counter(word for word in words if word))

    def raise_errors(self, engine: str) -> None:
        """Raise EngineError when planning failed."""
        if self.transcript.errors:
            raise EngineError(f"{engine} plan failed:\n{self.transcript.why()}")


def _word(actions: Sequence[str]) -> str:
    if set(actions) <= {"no-op", "read"}:
        return ""
    return "replace" if len(actions) > 1 else actions[0]
