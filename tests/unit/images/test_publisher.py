"""Whoever answers in a publisher's place: bounded in size and time, and led nowhere that nothing vouches for."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from stardock.errors import ConditionError
from stardock.images import publisher
from tests.lying import Answer, Handler, dripping, endless, lying, says

pytestmark = pytest.mark.unit


def endless_redirect(handler: Handler) -> None:
    handler.send_response(302)
    handler.send_header("Location", "/SHA256SUMS")
    handler.end_headers()
    while True:
        handler.wfile.write(b" " * 65536)


def endless_headers(handler: Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        handler.wfile.write(b"X-A: b\r\n" * 1000)


def dripping_headers(handler: Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    while not handler.server.ended.wait(0.2):  # type: ignore[attr-defined]  # the server of `lying`
        handler.wfile.write(b"X")
        handler.wfile.flush()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (endless, "larger than 1 MiB"),
        (dripping, "does not end within 5 s"),
        (dripping_headers, "does not end within 5 s"),
        (endless_headers, "cannot be reached"),
        (endless_redirect, "leads on and on"),
        (says(302, Location="http://elsewhere.example/" + "x" * 60_000), "leads to http://elsewhere.example/xxx"),
        (says(200, b"\x1f\x8b", Content_Encoding="gzip"), "is packed"),
        (says(500, "", "no\x1b[2J" + "x" * 60_000), "answers 500 no"),
    ],
)
def test_what_has_no_end_is_a_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: Answer, words: str) -> None:
    monkeypatch.setattr(publisher, "WHOLE_SECONDS", 5.0)
    began = time.monotonic()
    with lying(tmp_path, answer) as (endpoint, ca), monkeypatch.context() as here:
        here.setenv("REQUESTS_CA_BUNDLE", str(ca))
        with pytest.raises(ConditionError, match=re.escape(words)) as told:
            publisher.fetched(f"{endpoint}/SHA256SUMS")
    assert len(told.value.message) < 600
    assert time.monotonic() - began < 15


def test_a_redirect_to_the_file_is_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(handler: Handler) -> None:
        (says(200, "the sums") if handler.path == "/b" else says(301, "moved", Location="/b"))(handler)

    with lying(tmp_path, answer) as (endpoint, ca):
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(ca))
        assert publisher.fetched(f"{endpoint}/a") == "the sums"
