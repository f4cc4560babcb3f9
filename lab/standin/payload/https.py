"""One HTTPS request at a time, with a context that says whom we trust and who we are."""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException, HTTPSConnection
from pathlib import Path
from typing import Any

UNREACHABLE = (OSError, HTTPException)  # what `send` raises when there is no answer; ssl.SSLError is an OSError


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and body of an answer."""

    status: int
    body: bytes

    @property
    def good(self) -> bool:
        """Whether the status is of the 200s."""
        return self.status // 100 == 2  # noqa: PLR2004

    def json(self) -> dict[str, Any]:
        """The body as a JSON object; an empty one when it is none (a plain text error)."""
        try:
            value = json.loads(self.body)
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}


def trust(authority: Path | bytes, stem: Path | None = None) -> ssl.SSLContext:
    """Trust one authority (a file or its PEM); `stem`.crt and .key are shown to the server when given."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if isinstance(authority, Path):
        context.load_verify_locations(cafile=authority)
    else:
        context.load_verify_locations(cadata=authority.decode())
    if stem is not None:
        context.load_cert_chain(f"{stem}.crt", f"{stem}.key")
    return context


def anyone() -> ssl.SSLContext:
    """Trust whoever answers: only for the first look at /cacerts, whose hash the token vouches for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def send(
    context: ssl.SSLContext, host: str, port: int, path: str, *,
    method: str = "GET", body: bytes | None = None, headers: Mapping[str, str] | None = None, timeout: float = 10,
) -> Answer:  # fmt: skip
    """Send one request; `timeout` in seconds for each step of it. Raises one of UNREACHABLE."""
    connection = HTTPSConnection(host, port, context=context, timeout=timeout)
    try:
        return _exchange(connection, method, path, body, headers)
    finally:
        connection.close()


class Line:
    """Requests to one server over a connection that stays open, for who asks every second. Not for two threads at once."""

    def __init__(self, context: ssl.SSLContext, host: str, port: int) -> None:
        self._connection = HTTPSConnection(host, port, context=context)

    def send(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str] | None = None, timeout: float = 5) -> Answer:
        """Send one request; over a new connection when the server has closed the last one. Raises one of UNREACHABLE."""
        self._connection.timeout = timeout
        kept = self._connection.sock
        if kept is not None:
            kept.settimeout(timeout)
        try:
            return self._send(method, path, body, headers)
        except UNREACHABLE as error:
            if kept is None or isinstance(error, TimeoutError):
                raise
        return self._send(method, path, body, headers)

    def _send(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str] | None) -> Answer:
        try:
            return _exchange(self._connection, method, path, body, headers)
        except UNREACHABLE:
            self._connection.close()
            raise


def _exchange(connection: HTTPSConnection, method: str, path: str, body: bytes | None, headers: Mapping[str, str] | None) -> Answer:
    connection.request(method, path, body=body, headers=dict(headers or {}))
    response = connection.getresponse()
    return Answer(response.status, response.read())
