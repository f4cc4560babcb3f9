"""An API server, or a Node, that does not mean well holds no proof up and sends it nowhere."""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from stardock.prove import api
from stardock.prove.api import Api, Node, Reply
from stardock.prove.bench import FailedError
from stardock.prove.checks import pods

pytestmark = pytest.mark.unit

NODE = Node(ready=True, votes=True, version="v1", runtime="containerd://2", address="192.168.1.20")
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nproven\n"


@contextlib.contextmanager
def server(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """Answers each connection so; gives the port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with contextlib.suppress(OSError), connection:
                    connection.recv(4096)
                    answer(connection)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.close()


def drips(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    for _ in range(40):
        connection.sendall(b"x")
        time.sleep(0.1)


def test_an_answer_that_drips_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "WHOLE_SECONDS", 0.5)
    plain = http.client.HTTPConnection
    monkeypatch.setattr(http.client, "HTTPSConnection", lambda host, port, **how: plain(host, port, how["timeout"]))
    asking: Any = object.__new__(Api)
    with server(drips) as port:
        asking.server, asking._seconds, asking._context = f"https://127.0.0.1:{port}", 5.0, None
        began = time.monotonic()
        with pytest.raises(FailedError, match="does not end within 0 s"):
            asking.ask("GET", "/readyz")
        assert not pods._says("127.0.0.1", port)
    assert time.monotonic() - began < 3


def test_what_a_node_says_is_taken_as_it_comes_and_no_redirect_is_followed() -> None:
    with server(lambda connection: connection.sendall(OK)) as port:
        assert pods._says("127.0.0.1", port)
        sent = f"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:{port}/\r\nContent-Length: 0\r\n\r\n".encode()
        with server(lambda connection: connection.sendall(sent)) as elsewhere:
            assert not pods._says("127.0.0.1", elsewhere)
    with server(lambda connection: connection.sendall(b"no HTTP at all\r\n\r\n")) as port:
        assert not pods._says("127.0.0.1", port)


class Says:
    """An API that has a Service at a port, and these Nodes."""

    def __init__(self, **nodes: Node) -> None:
        self.found = nodes

    def nodes(self) -> dict[str, Node]:
        """Those."""
        return self.found

    def ask(self, _method: str, path: str, _body: object = None) -> Reply:
        """A pod that is Ready; a Service."""
        if path.startswith(pods._PODS):
            return Reply(200, '{"status": {"conditions": [{"type": "Ready", "status": "True"}]}}')
        return Reply(200, '{"spec": {"ports": [{"nodePort": 30080}]}}')


@pytest.mark.parametrize("address", ["", "192.168.1.1/admin?x=", "router@192.168.1.1", "localhost", "::", "127.0.0.1"])
def test_only_an_address_is_asked_and_only_of_machines_of_the_proofs(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    asked: list[str] = []

    def says(address: str, _port: int) -> bool:
        asked.append(address)
        return True

    monkeypatch.setattr(pods, "_says", says)
    bench: Any = SimpleNamespace(plan=SimpleNamespace(machines=[SimpleNamespace(name="server1"), SimpleNamespace(name="agent1")]))
    wrong = replace(NODE, address=address)
    monkeypatch.setattr(pods, "api_of", lambda _bench: Says(server1=NODE, agent1=wrong))
    with pytest.raises(FailedError, match="no address is what agent1 says that it has: "):
        pods.service(bench)
    assert asked == []
    monkeypatch.setattr(pods, "api_of", lambda _bench: Says(server1=NODE, stranger=wrong))
    assert pods.service(bench) == "the pod answers through a Service at 1 Nodes"
    assert asked == ["192.168.1.20"]


def test_what_is_nested_without_end_is_no_answer() -> None:
    assert Reply(200, "[" * 200_000).data == {}
