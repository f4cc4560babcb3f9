"""A SOCKS5 proxy without authentication (RFC 1928), as `ssh -D` is one; it writes down where it was asked to go."""

from __future__ import annotations

import select
import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_CONNECT, _IPV4, _NAME = 1, 1, 3


class _Handler(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        client: socket.socket = self.request
        methods = client.recv(2)[1]
        client.recv(methods)
        client.sendall(b"\x05\x00")
        _, command, _, kind = client.recv(4)
        assert command == _CONNECT
        host = socket.inet_ntoa(client.recv(4)) if kind == _IPV4 else client.recv(client.recv(1)[0]).decode()
        port = int.from_bytes(client.recv(2), "big")
        self.server.asked.append(port)  # type: ignore[attr-defined]
        with socket.create_connection((host, port)) as far:
            client.sendall(b"\x05\x00\x00\x01" + bytes(6))
            _carry(client, far)


def _carry(one: socket.socket, other: socket.socket) -> None:
    while True:
        for ready in select.select([one, other], [], [])[0]:
            data = ready.recv(65536)
            if not data:
                return
            (other if ready is one else one).sendall(data)


@contextmanager
def socks_proxy() -> Iterator[tuple[str, list[int]]]:
    """A proxy on a free port of the loopback: its HOST:PORT, and the ports that it was asked for."""
    asked: list[int] = []
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Handler) as server:
        server.daemon_threads = True
        server.asked = asked  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_address[1]}", asked
        server.shutdown()
