"""Logins by password: a ticket for two hours on a real host, here until the emulator ends. Tokens are `lab.pve.access.store`."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field

from lab.pve.errors import PveError, unauthorized


@dataclass(slots=True)
class Tickets:
    """Passwords that a test gave to users (there are none before), and who holds which ticket; nothing of it is on disk."""

    passwords: dict[str, str] = field(default_factory=dict, repr=False)
    holders: dict[str, tuple[str, str]] = field(default_factory=dict, repr=False)  # ticket -> user, CSRF token

    def login(self, user: str, password: str) -> tuple[str, str]:
        """A ticket and its CSRF token. Raises PveError (401)."""
        known = self.passwords.get(user)
        if known is None or not hmac.compare_digest(known, password):
            raise unauthorized("authentication failure")
        ticket, csrf = f"PVE:{user}:{secrets.token_hex(16)}", secrets.token_hex(16)
        self.holders[ticket] = (user, csrf)
        return ticket, csrf

    def user(self, ticket: str, csrf: str | None, *, writes: bool) -> str:
        """Whose ticket it is. Raises PveError: 401 for one that is none, and for a write without the CSRF token."""
        if ticket not in self.holders:
            raise unauthorized("invalid PVE ticket")
        user, wanted = self.holders[ticket]
        if writes and csrf != wanted:
            raise PveError(401, "Permission denied - invalid csrf token")
        return user
