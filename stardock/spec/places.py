"""A problem at a place of cluster.yaml."""

from __future__ import annotations

from stardock.errors import Problem
from stardock.spec.cluster import Keys, Spec
from stardock.spec.keypath import path_text


def at(spec: Spec, keys: Keys, message: str, cure: str | None = None) -> Problem:
    """The problem, with the line of its key or of the nearest one around it."""
    return Problem(message, path=path_text(keys), line=spec.line_of(*keys), cure=cure)
