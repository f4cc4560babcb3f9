"""Join tokens: the short form (a password) and the full one, K10<sha256 of the CA>::<user>:<password>.

Source of the format: k3s, pkg/clientaccess/token.go.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

PREFIX = "K10"
HASH_LENGTH = 64


@dataclass(frozen=True, slots=True)
class Token:
    """`ca_hash` and `user` are empty in the short form."""

    ca_hash: str
    user: str
    password: str = field(repr=False)


def parse(text: str) -> Token:
    """Take a token apart. Raises ValueError, with the words of the real one and without the token."""
    if not text:
        raise ValueError("token must not be empty")
    if not text.startswith(PREFIX):
        return Token("", "", text)
    ca_hash, separator, credentials = text.removeprefix(PREFIX).partition("::")
    user, colon, password = credentials.partition(":")
    if ca_hash and len(ca_hash) != HASH_LENGTH:
        raise ValueError("invalid token CA hash length")
    if not (separator and colon and password):
        raise ValueError("invalid token format")
    return Token(ca_hash, user, password)


def ca_hash(authority: bytes) -> str:
    """Hash the answer of /cacerts (one PEM certificate), as the full token carries it."""
    return hashlib.sha256(authority).hexdigest()


def full(user: str, password: str, authority: bytes) -> str:
    """Make the full form."""
    return f"{PREFIX}{ca_hash(authority)}::{user}:{password}"


def check_authority(token: Token, authority: bytes) -> None:
    """Compare the CA that a server showed with the token's hash, if it has one. Raises ValueError."""
    found = ca_hash(authority)
    if token.ca_hash and token.ca_hash != found:
        raise ValueError(f"token CA hash does not match the Cluster CA certificate hash: {token.ca_hash} != {found}")
