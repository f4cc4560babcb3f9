"""What a distribution finds wrong, in words; whoever asked says where it stands."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that cannot be: message and cure. `key` is a key of `distribution.options`, or `version`; `item` counts in its list."""

    key: str
    message: str
    cure: str
    item: int | None = None
