"""What drift finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

#: What is otherwise. The words are part of `runner drift --format json`.
Kind = Literal[
    "missing",
    "stopped",
    "moved",
    "locked",
    "size",
    "nic",
    "disk",
    "boot",
    "firmware",
    "device",
    "first-boot",
    "snippet",
    "image",
    "name",
    "tags",
    "description",
    "pool",
    "protection",
    "startup",
    "option",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is not as planned.

    `subject` is a machine, or what lies on a datastore for several. `hidden`: no plan of the engine's shows it, because Stardock makes it
    ignore that, or because the provider (0.111.1) does not read it. `cure` says what brings it back, or how to make it the plan.
    """

    kind: Kind
    subject: str
    field: str
    wanted: str
    found: str
    hidden: bool = False
    cure: str = "runner deploy"
