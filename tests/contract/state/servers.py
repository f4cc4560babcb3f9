"""Servers that keep a state: a real PostgreSQL, an S3-compatible store, and an HTTP store with locks."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
import requests

from lab.patience import patient
from tests.contract.estate import free_ports

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Store:
    """A place for states: `state:` as a user would write it, and what the engine's environment needs."""

    settings: dict[str, Any]
    environment: dict[str, str]
    held: dict[str, str] = field(default_factory=dict)  # of the HTTP store: path -> who holds its lock, as JSON


def _postgres_program(name: str) -> str:
    found = shutil.which(name) or next((str(path) for path in sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))), None)
    if found is None:
        pytest.skip(f"PostgreSQL's {name} is not on this machine (apt-get install postgresql)")
    return found


@contextmanager
def postgres() -> Iterator[Store]:
    """PostgreSQL in a directory of its own, on a socket in it; it runs as the user postgres, since it refuses root."""
    initdb, server = _postgres_program("initdb"), _postgres_program("postgres")
    directory = Path(tempfile.mkdtemp(prefix="stardock-pg-"))
    person = pwd.getpwnam("postgres")
    os.chown(directory, person.pw_uid, person.pw_gid)
    as_postgres = ["runuser", "-u", "postgres", "--"]
    made = [*as_postgres, initdb, "-D", str(directory / "data"), "-A", "trust", "--no-sync", "--no-locale", "-E", "UTF8"]
    subprocess.run(made, check=True, capture_output=True, cwd=directory)
    options = ["-k", str(directory), "-c", "listen_addresses=", "-c", "fsync=off"]
    process = subprocess.Popen([*as_postgres, server, "-D", str(directory / "data"), *options], cwd=directory, stderr=subprocess.DEVNULL)
    try:
        _wait(lambda: (directory / ".s.PGSQL.5432").exists() and _accepts(directory / ".s.PGSQL.5432"))
        address = f"postgres:///postgres?host={directory}&user=postgres&sslmode=disable"
        yield Store({"backend": "pg"}, {"PG_CONN_STR": address})
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(directory)


def _accepts(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as one:
        return one.connect_ex(str(path)) == 0


@contextmanager
def s3() -> Iterator[Store]:
    """moto's S3 on a free port of the loopback, with a bucket; in the environment that tools/setup makes for it."""
    program = ROOT / "build/s3/bin/moto_server"
    if not program.exists():
        pytest.skip("the S3-compatible server is not there: tools/setup tests")
    port = free_ports(1)[0]
    address = f"http://127.0.0.1:{port}"
    process = subprocess.Popen([program, "-H", "127.0.0.1", "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    settings = {"backend": "s3", "bucket": "states", "region": "us-east-1", "endpoints": {"s3": address}, "use_path_style": True}
    skipped = ("credentials_validation", "metadata_api_check", "region_validation", "requesting_account_id")
    try:
        _wait(lambda: _listens(port))
        requests.put(f"{address}/states", timeout=patient(30)).raise_for_status()
        keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "planted-key"}
        yield Store(settings | {f"skip_{name}": True for name in skipped}, keys)
    finally:
        process.terminate()
        process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


class StateHandler(BaseHTTPRequestHandler):
    """The protocol of the http backend: GET, POST, and LOCK that answers 423 with the holder while it is held. Asks for a password."""

    states: ClassVar[dict[str, bytes]]
    held: ClassVar[dict[str, str]]

    def do_GET(self) -> None:
        state = self.states.get(self._place())
        self._answer(200 if state is not None else 404, state or b"")

    def do_POST(self) -> None:
        self.states[self._place()] = self._body()
        self._answer(200)

    def do_LOCK(self) -> None:
        body = self._body()
        now = self.held.setdefault(self._place(), body.decode()).encode()
        self._answer(200 if now == body else 423, now)

    def do_UNLOCK(self) -> None:
        self._body()
        self.held.pop(self._place(), None)
        self._answer(200)

    def parse_request(self) -> bool:
        if not super().parse_request():
            return False
        known = self.headers.get("Authorization") == "Basic YWRhOnNlY3JldA=="  # ada:secret
        if not known:
            self._answer(401)
        return known

    def _place(self) -> str:
        return self.path.partition("?")[0]

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _answer(self, status: int, body: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_words: object) -> None:
        pass


@contextmanager
def http() -> Iterator[Store]:
    """An HTTP store on a free port of the loopback."""
    handler = type("Handler", (StateHandler,), {"states": {}, "held": {}})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    settings = {"backend": "http", "address": f"{address}/x", "lock_address": f"{address}/x", "unlock_address": f"{address}/x"}
    try:
        yield Store(settings, {"TF_HTTP_USERNAME": "ada", "TF_HTTP_PASSWORD": "secret"}, handler.held)  # type: ignore[attr-defined]
    finally:
        server.shutdown()
        server.server_close()


def holder(name: str) -> str:
    """What an engine writes down when it takes a lock."""
    return json.dumps({"ID": "11111111-2222-3333-4444-555555555555", "Operation": "OperationTypeApply", "Who": name, "Version": "1"})


def _wait(ready: Any) -> None:
    deadline = time.monotonic() + patient(30)
    while not ready():
        assert time.monotonic() < deadline
        time.sleep(0.05)
