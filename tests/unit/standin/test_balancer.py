"""The agent's own load balancer: one server until it fails, then another; connections to a failed one are cut."""

from __future__ import annotations

import socket
import threading
from contextlib import ExitStack, suppress

import pytest

from lab.standin.payload.balancer import Balancer
from tests import waiting

pytestmark = pytest.mark.unit
FIRST, SECOND = "127.0.0.2", "127.0.0.3"


class Server:
    """Says its address to whoever connects, and keeps the connection until it is closed."""

    def __init__(self, address: str, port: int) -> None:
        self._listener = socket.create_server((address, port))
        self._connections: list[socket.socket] = []
        threading.Thread(target=self._serve, args=(address,), daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self, address: str) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                connection.sendall(address.encode())
                self._connections.append(connection)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def said(stack: ExitStack, port: int) -> tuple[str, socket.socket]:
    connection = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10))
    return connection.recv(64).decode(), connection


def test_one_server_is_used_until_it_fails_and_its_open_connections_are_cut() -> None:
    port = free_port()
    first, second = Server(FIRST, port), Server(SECOND, port)
    with ExitStack() as stack:
        stack.callback(second.close)
        Balancer(lambda: [FIRST, SECOND], port, port).start()
        waiting.until(lambda: answers(port), "the balancer to listen")
        address, connection = said(stack, port)
        assert address == FIRST
        first.close()
        assert said(stack, port)[0] == SECOND
        assert cut(connection)


def answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def cut(connection: socket.socket) -> bool:
    """Whether the other side ends it, well within the time that a silent one would be waited for."""
    try:
        return connection.recv(64) == b""
    except ConnectionResetError:
        return True
