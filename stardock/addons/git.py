"""A Git repository that something in the cluster reads."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Git:
    """Sources are `env:NAME` or `file:PATH`. By https a user with a password, or nobody; by ssh a key, and the host's own keys."""

    url: str
    revision: str = "main"
    path: str = "."
    user: str | None = None
    password_source: str | None = None
    key_source: str | None = None
    known_hosts: str | None = None

    @property
    def is_private(self) -> bool:
        """Whether somebody logs in."""
        return self.password_source is not None or self.key_source is not None
