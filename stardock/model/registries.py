"""Where container images come from: for all machines that run Kubernetes alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirror:
    """Endpoints (URLs) that are asked before a registry itself; `rewrite` is regular expression -> name of the image there."""

    registry: str
    endpoints: tuple[str, ...] = ()
    rewrite: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How a registry is spoken to. `password_source` is `env:NAME` or `file:PATH`, `ca` certificates in PEM."""

    registry: str
    user: str | None = None
    password_source: str | None = None
    ca: str | None = None
    insecure: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Registries:
    """All that is said of registries."""

    mirrors: tuple[Mirror, ...] = ()
    access: tuple[Access, ...] = ()

    @property
    def sources(self) -> tuple[str, ...]:
        """Where passwords come from, each once."""
        return tuple(dict.fromkeys(one.password_source for one in self.access if one.password_source))
