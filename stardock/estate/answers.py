"""What comes over the wire before anybody believes it: bounded in size and time, not led elsewhere, and JSON as Proxmox' API writes it.

A reverse proxy, a login page or another service may answer in Proxmox' place, and say anything for any time.
"""

from __future__ import annotations

import html
import io
import json
import re
import time
from collections.abc import Iterator
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter

#: The list of an estate of 10,000 VMs has about 5 MB. Of a refusal, only the beginning is read.
MOST_BYTES = 16 * 1024 * 1024
MOST_BYTES_OF_REFUSAL = 64 * 1024
#: Of an estate of 10,000 VMs, about 250,000. Python makes 70 bytes of each `{}`, and up to `stardock.estate.questions.WORKERS` answers are
#: read at once.
MOST_VALUES = 1_000_000
#: Seconds for one whole answer, however steadily it drips; a socket's own timeout starts again at each byte.
WHOLE_SECONDS = 30.0
_CHUNK = 64 * 1024
_SHOWN = 160
_REFUSED = 400


class OddAnswerError(requests.exceptions.RequestException):
    """Not Proxmox' answer. The message says what came instead, and follows `https://HOST:8006 answers, but `."""


def shown(told: object) -> str:
    """What a machine or Proxmox said, fit for a terminal: one line, short, printable."""
    text = " ".join(str(told)[: 4 * _SHOWN].split())
    text = "".join(one if one.isprintable() else "?" for one in text)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."


class Bounded(HTTPAdapter):
    """Reads an answer whole, or raises OddAnswerError; never follows a redirect, which would take the token elsewhere."""

    def send(self, request: requests.PreparedRequest, *_arguments: Any, **options: Any) -> requests.Response:
        """As requests does; the body is read and looked at here."""
        until = time.monotonic() + WHOLE_SECONDS
        response = super().send(request, **{**options, "stream": True})
        try:
            body = _body(response, until)
        finally:
            response.raw.release_conn()
            response.close()
        if response.ok:
            _refuse_other_shapes(body)
        response.raw = io.BytesIO(body)
        response.encoding = "utf-8"
        return response


def _body(response: requests.Response, until: float) -> bytes:
    if response.is_redirect:
        raise OddAnswerError(f"sends us on to {shown(response.headers.get('Location'))}, where the token will not go")
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise OddAnswerError("packs what it was asked to send as it is")
    most = MOST_BYTES if response.ok else MOST_BYTES_OF_REFUSAL
    body = bytearray()
    for chunk in _chunks(response):
        body += chunk
        if len(body) > most and not response.ok:
            return bytes(body[:most])
        if len(body) > most:
            raise OddAnswerError(f"its answer has more than {MOST_BYTES // 1024 // 1024} MiB")
        if time.monotonic() > until:
            raise OddAnswerError(f"its answer does not end within {WHOLE_SECONDS:.0f} s")
    return bytes(body)


def _chunks(response: requests.Response) -> Iterator[bytes]:
    try:
        while chunk := response.raw.read1(_CHUNK, decode_content=False):  # read() would wait until a whole chunk is there
            yield chunk
    except urllib3.exceptions.ReadTimeoutError as error:
        raise requests.exceptions.ReadTimeout(error) from error
    except urllib3.exceptions.HTTPError as error:
        raise OddAnswerError("its answer breaks off half-way") from error


def _refuse_other_shapes(body: bytes) -> None:
    """Proxmox answers `{"data": ...}`; numbers are finite."""
    if body.count(b",") > MOST_VALUES:
        raise OddAnswerError(f"its answer has more than {MOST_VALUES} values")
    try:
        told = json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise OddAnswerError(f"not as Proxmox does: {_kind(body)}") from None
    if not isinstance(told, dict) or "data" not in told:
        raise OddAnswerError("not as Proxmox does: JSON without `data`")


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _kind(body: bytes) -> str:
    text = body[:_CHUNK].decode(errors="replace").strip()
    if not text:
        return "with nothing"
    title = re.search(r"<title[^>]*>([^<]*)", text, re.IGNORECASE)
    if title or re.match(r"<(!doctype|html)", text, re.IGNORECASE):
        return f"with a web page ({shown(html.unescape(title[1]))})" if title and title[1].strip() else "with a web page"
    return "with JSON that breaks off or is none" if text[:1] in "{[" else f"with text ({shown(text)[:60]})"
