"""A server's tokens: which password counts, and the files that tell people the full form."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from . import tokens
from .config import Config
from .journal import FatalError
from .paths import Paths, write


@dataclass(frozen=True, slots=True)
class Passwords:
    """`node` is the agent-token where one is set, and the server token otherwise (k3s, getNodePass)."""

    server: str = field(repr=False)
    node: str = field(repr=False)


def given(config: Config) -> tokens.Token | None:
    """The token of the configuration, None without one. Raises FatalError."""
    text = config.secret("token")
    if not text:
        return None
    try:
        return tokens.parse(text)
    except ValueError as error:
        raise FatalError(f"token: {error}") from error


def required(config: Config) -> tokens.Token:
    """The token of a joiner. Raises FatalError without one."""
    token = given(config)
    if token is None:
        raise FatalError("--token is required to join a cluster")
    return token


def settle(paths: Paths, config: Config) -> Passwords:
    """Decide on the server token and write the token files. Raises FatalError when it is not this cluster's."""
    server = _server_password(paths, config)
    node = config.secret("agent-token") or server
    passwords = Passwords(server, node)
    _write(paths, passwords)
    return passwords


def _server_password(paths: Paths, config: Config) -> str:
    token, stored = given(config), _stored(paths)
    if token is None:
        return stored or secrets.token_hex(16)
    try:
        tokens.check_authority(token, (paths.tls / "server-ca.crt").read_bytes())
    except ValueError as error:
        raise FatalError(str(error)) from error
    if stored and stored != token.password and paths.has_etcd_data():
        raise FatalError("bootstrap data already found and encrypted with different token")
    return token.password


def _stored(paths: Paths) -> str:
    file = paths.server / "token"
    return tokens.parse(file.read_text().strip()).password if file.is_file() else ""


def _write(paths: Paths, passwords: Passwords) -> None:
    authority = (paths.tls / "server-ca.crt").read_bytes()
    write(paths.server / "token", tokens.full("server", passwords.server, authority) + "\n")
    write(paths.server / "agent-token", tokens.full("node", passwords.node, authority) + "\n")
    link = paths.server / "node-token"
    link.unlink(missing_ok=True)
    link.symlink_to("token")
