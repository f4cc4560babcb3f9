"""The other side of the supervisor's port: asking a server to let us in."""

from __future__ import annotations

import base64
import json
import ssl
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from . import https, tokens
from .flavor import OURS

TIMEOUT_SECONDS = 5.0


class JoinError(Exception):
    """The server did not answer, or not with what we need."""


class ConflictError(JoinError):
    """etcd still holds our node name."""


class ForbiddenError(JoinError):
    """The server knows us and says no: for a node's certificate, that the node password is another one."""


class Place(NamedTuple):
    """Where a server listens."""

    host: str
    port: int

    @classmethod
    def of(cls, url: str) -> Place:
        """Read a URL. Raises JoinError unless it is https://."""
        parts = urlsplit(url)
        if parts.scheme != "https" or not parts.hostname:
            raise JoinError(f"only https:// URLs are supported, invalid scheme: {url}")
        return cls(parts.hostname, parts.port or 443)

    def __str__(self) -> str:
        return f"https://{self.host}:{self.port}"


class Entrance:
    """A server whose CA agreed with the token; we speak as `user`."""

    def __init__(self, place: Place, token: tokens.Token, user: str, authority: bytes) -> None:
        self.place = place
        self.authority = authority
        self._context = https.trust(authority)
        words = base64.b64encode(f"{user}:{token.password}".encode()).decode()
        self._headers = {"Authorization": f"Basic {words}"}

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> bytes:
        """Read a path. Raises JoinError."""
        return self._ask(path, headers=headers)

    def post(self, path: str, body: bytes, timeout: float = TIMEOUT_SECONDS) -> bytes:
        """Send to a path; `timeout` in seconds. Raises JoinError."""
        return self._ask(path, body, timeout=timeout)

    def bootstrap(self) -> dict[str, Any]:
        """The cluster's files. Raises JoinError."""
        return _object(self.get(f"{OURS.routes}/server-bootstrap"))

    def config(self) -> dict[str, Any]:
        """A server's settings that matter to other machines. Raises JoinError."""
        return _object(self.get(f"{OURS.routes}/config"))

    def apiservers(self) -> list[str]:
        """The addresses of all servers, without ports. Raises JoinError."""
        try:
            return [str(server).rpartition(":")[0] for server in json.loads(self.get(f"{OURS.routes}/apiservers"))]
        except ValueError as error:
            raise JoinError(f"{self.place}{OURS.routes}/apiservers: {error}") from error

    def add_member(self, name: str, node: str, address: str) -> str:
        """Ask for a place in etcd; returns the --initial-cluster. Raises ConflictError, or JoinError to be tried again."""
        return self.post(f"{OURS.routes}/etcd-member", json.dumps({"name": name, "node": node, "address": address}).encode()).decode()

    def _ask(
        self, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None, timeout: float = TIMEOUT_SECONDS
    ) -> bytes:
        answer = _send(self._context, self.place, path, body, {**self._headers, **(headers or {})}, timeout=timeout)
        if answer.status == HTTPStatus.CONFLICT:
            raise ConflictError(answer.body.decode(errors="replace"))
        if answer.status == HTTPStatus.FORBIDDEN:
            raise ForbiddenError(f"{self.place}{path}: 403 Forbidden")
        if not answer.good:
            raise JoinError(f"{self.place}{path}: {answer.status} {answer.body.decode(errors='replace')}")
        return answer.body


def enter(url: str, token: tokens.Token, user: str) -> Entrance:
    """Fetch the server's CA, hold it against the token's hash and the server's own certificate. Raises JoinError."""
    place = Place.of(url)
    try:
        found = _send(https.anyone(), place, "/cacerts")
    except JoinError as error:
        raise JoinError(f"failed to get CA certs: {error}") from error
    if not found.good:
        raise JoinError(f"failed to get CA certs: {place}/cacerts: {found.status}")
    try:
        tokens.check_authority(token, found.body)
        entrance = Entrance(place, token, user, found.body)
    except (ValueError, ssl.SSLError) as error:
        raise JoinError(str(error)) from error
    entrance.get("/cacerts")  # now with verification: the name that we call must be in the certificate (tls-san)
    return entrance


def _send(
    context: ssl.SSLContext, place: Place, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None,
    *, timeout: float = TIMEOUT_SECONDS,
) -> https.Answer:  # fmt: skip
    method = "GET" if body is None else "POST"
    try:
        return https.send(context, place.host, place.port, path, method=method, body=body, headers=headers, timeout=timeout)
    except https.UNREACHABLE as error:
        raise JoinError(f"{method} {place}{path}: {error}") from error


def _object(body: bytes) -> dict[str, Any]:
    value = https.Answer(HTTPStatus.OK, body).json()
    if not value:
        raise JoinError("the server's answer is no JSON object")
    return value
