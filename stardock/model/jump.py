"""A jump host: an sshd through which machines are reached."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Jump:
    """`user@host:port` in parts; what is not said is ~/.ssh/config's to say."""

    host: str
    user: str | None = None
    port: int | None = None

    @property
    def place(self) -> str:
        """As ssh takes it."""
        return f"{self.user}@{self.host}" if self.user else self.host

    @property
    def options(self) -> tuple[str, ...]:
        """Of ssh: nobody is asked anything, its host key must be known, and it gets no agent."""
        port = ("-p", str(self.port)) if self.port else ()
        return ("-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes", "-o", "ForwardAgent=no", *port)

    def __str__(self) -> str:
        return f"{self.place} port {self.port}" if self.port else self.place
