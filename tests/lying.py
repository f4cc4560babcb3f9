"""A server on loopback that speaks HTTPS in Proxmox' place, and says what a test wants of it: wrong, endless or hostile things."""

from __future__ import annotations

import datetime
import http.server
import ipaddress
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

#: Writes a whole answer, its status line included, to a question's path.
Answer = Callable[["Handler"], None]


def certificate(folder: Path, *, address: str = "127.0.0.1", days: int = 1) -> Path:
    """A certificate for an address, signed by itself, with its key in the same file; `days` below 0: it has expired."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, address)])
    now = datetime.datetime.now(datetime.UTC)
    until = now + datetime.timedelta(days=days)
    built = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), until - datetime.timedelta(days=9), until)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = folder / "certificate.pem"
    path.write_bytes(built.public_bytes(serialization.Encoding.PEM) + secret)
    return path


class Handler(http.server.BaseHTTPRequestHandler):
    """Hands each request to the test's answer."""

    protocol_version = "HTTP/1.1"
    answer: Answer

    def do_GET(self) -> None:
        self.close_connection = True
        try:
            type(self).answer(self)
        except (OSError, ssl.SSLError):
            return

    def log_message(self, *_arguments: object) -> None:
        return


class _Server(http.server.ThreadingHTTPServer):
    request_queue_size = 128  # as many as `runner doctor` asks at once, and none is turned away


def says(status: int, body: bytes | str = b"", reason: str | None = None, **headers: str) -> Answer:
    """The same answer to every question."""
    data = body.encode() if isinstance(body, str) else body

    def answer(handler: Handler) -> None:
        handler.send_response(status, reason)
        for name, value in {"Content_Length": str(len(data)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(data)

    return answer


def tells(told: Callable[[str], object], version: str = "9.1.2") -> Answer:
    """Proxmox' own form, with what `told` makes of the path behind /api2/json; the version is a right one."""

    def answer(handler: Handler) -> None:
        path = handler.path.partition("?")[0].removeprefix("/api2/json")
        data = {"version": version, "release": "9.1", "repoid": "x"} if path == "/version" else told(path)
        says(200, json.dumps({"data": data}))(handler)

    return answer


def endless(handler: Handler) -> None:
    """A body without an end, as fast as it is taken."""
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(b" " * 65536)


def dripping(handler: Handler) -> None:
    """A byte now and then, so that no timeout of a socket is reached."""
    handler.send_response(200)
    handler.end_headers()
    while not handler.server.ended.wait(0.2):  # type: ignore[attr-defined]  # the server of `lying`
        handler.wfile.write(b" ")
        handler.wfile.flush()


@contextmanager
def lying(folder: Path, answer: Answer, *, tls: bool = True, days: int = 1, address: str = "127.0.0.1") -> Iterator[tuple[str, Path]]:
    """The endpoint that lies, and the file of the CA that it is signed by."""
    pem = certificate(folder, address=address, days=days)
    server = _Server(("127.0.0.1", 0), type("Lying", (Handler,), {"answer": staticmethod(answer)}))
    server.daemon_threads, server.block_on_close = True, False
    server.ended = threading.Event()  # type: ignore[attr-defined]
    server.handle_error = lambda *_arguments: None  # type: ignore[method-assign]
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"https://127.0.0.1:{server.server_port}", pem
    finally:
        server.ended.set()  # type: ignore[attr-defined]
        server.shutdown()
        thread.join()
        server.server_close()


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
