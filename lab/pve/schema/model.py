"""The form both schemas are brought into: routes with typed parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote


@dataclass(frozen=True, slots=True)
class Rule:
    """What one parameter, or one key of a property string, may be. `format` is a name or the keys of a nested property string."""

    kind: str = "string"  # string, boolean, integer, number, array
    optional: bool = True
    format: str | Mapping[str, Rule] | None = None
    pattern: str | None = None
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    max_length: int | None = None
    requires: str | None = None
    default_key: bool = False
    alias: str | None = None
    key_alias: str | None = None


Rules = Mapping[str, Rule]


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one path. Parameters of the path are among `rules`."""

    method: str
    path: str  # with {names}, as in PVE's schema
    rules: Rules
    permissions: Mapping[str, Any] | None = None  # as published: `user`, `check`; None: root@pam alone


@dataclass(slots=True)
class Schema:
    """All routes. `source` is 'official' or 'own'; `origin` a word about where it came from."""

    source: str
    origin: str
    routes: list[Route]
    _paths: dict[int, list[tuple[str, ...]]] = field(default_factory=dict)
    _methods: dict[tuple[str, str], Route] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for route in self.routes:
            self._methods[route.method, route.path] = route
            parts = tuple(route.path.strip("/").split("/"))
            known = self._paths.setdefault(len(parts), [])
            if parts not in known:
                known.append(parts)
        for paths in self._paths.values():  # literal segments win over templates, as in PVE's own router
            paths.sort(key=lambda parts: [part.startswith("{") for part in parts])

    def route(self, method: str, template: str) -> Route | None:
        """The route of a path template, or None."""
        return self._methods.get((method, template))

    def match(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        """The route that answers `path` (still percent-encoded) and what the path says, or None: 501."""
        segments = [unquote(part) for part in path.split("/") if part]
        for parts in self._paths.get(len(segments), []):
            found = _fit(parts, segments)
            if found is not None:
                route = self._methods.get((method, "/" + "/".join(parts)))
                return (route, found) if route else None
        return self._match_volume(method, segments)

    def _match_volume(self, method: str, segments: list[str]) -> tuple[Route, dict[str, str]] | None:
        """A volume id may carry its slash unescaped: .../content/local:iso/x.iso is one parameter to PVE."""
        if segments[2:3] != ["storage"] or segments[4:5] != ["content"] or len(segments) <= len(_VOLUME):
            return None
        folded = [*segments[: len(_VOLUME) - 1], "/".join(segments[len(_VOLUME) - 1 :])]
        route = self._methods.get((method, "/" + "/".join(_VOLUME)))
        return (route, _fit(_VOLUME, folded) or {}) if route else None


_VOLUME = ("nodes", "{node}", "storage", "{storage}", "content", "{volume}")


def _fit(parts: tuple[str, ...], segments: list[str]) -> dict[str, str] | None:
    found: dict[str, str] = {}
    for part, segment in zip(parts, segments, strict=True):
        if part.startswith("{"):
            found[part[1:-1]] = segment
        elif part != segment:
            return None
    return found
