"""What a run of a playbook tells, step by step; known to those who never start one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["play", "task", "start", "ok", "changed", "skipped", "failed", "ignored", "unreachable", "retry", "none"]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened. `result` is what the module said, empty where it must not be told; `output` is Ansible's own text."""

    kind: Kind
    play: str = ""
    task: str = ""
    role: str = ""
    host: str = ""
    result: Mapping[str, Any] = field(default_factory=dict)
    output: str = ""
