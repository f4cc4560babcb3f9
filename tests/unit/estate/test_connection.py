"""The checks before a deploy: each failure told apart, within seconds, on real sockets."""

from __future__ import annotations

import datetime
import http.server
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from stardock.errors import ConditionError
from stardock.estate import connection
from stardock.estate.connection import Estate, NoAnswer, within
from stardock.plan.settings import Proxmox, PveNode

pytestmark = pytest.mark.unit

TOKEN = {"PROXMOX_VE_API_TOKEN": "a@pve!b=11111111-2222-3333-4444-555555555555"}


def _proxmox(port: int, *, insecure: bool = False) -> Proxmox:
    return Proxmox(endpoint=f"https://127.0.0.1:{port}", nodes=(PveNode(name="pve1"),), insecure=insecure)


@contextmanager
def _listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for 127.0.0.1, signed by itself, with its key in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    built = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = tmp_path / "certificate.pem"
    path.write_bytes(built.public_bytes(serialization.Encoding.PEM) + secret)
    return path


class _Teapot(http.server.BaseHTTPRequestHandler):
    """A web server that is no Proxmox."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<html>hello</html>")

    def log_message(self, *_arguments: object) -> None:
        return


@contextmanager
def _web_server(certificate: Path) -> Iterator[int]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Teapot)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _complaint(proxmox: Proxmox, **environ: str) -> ConditionError:
    with pytest.raises(ConditionError) as caught:
        Estate.from_environment(proxmox, {**TOKEN, **environ}).check()
    return caught.value


def test_an_endpoint_that_is_silent_is_told_within_5_s() -> None:
    with _listening() as server:
        began = time.monotonic()
        error = _complaint(_proxmox(server.getsockname()[1]))
        assert time.monotonic() - began < 5
    assert "does not answer" in error.message


def test_an_endpoint_where_nobody_listens_is_told() -> None:
    with _listening() as server:
        port = server.getsockname()[1]
    assert "cannot be reached" in _complaint(_proxmox(port)).message


def test_a_certificate_that_is_not_trusted_is_told_with_its_cure(certificate: Path) -> None:
    with _web_server(certificate) as port:
        error = _complaint(_proxmox(port))
    assert "is not trusted" in error.message
    assert "SSL_CERT_FILE" in str(error.cure)


def test_ssl_cert_file_is_honoured_and_a_server_that_is_no_proxmox_is_told(certificate: Path) -> None:
    with _web_server(certificate) as port:
        assert "not as Proxmox" in _complaint(_proxmox(port), SSL_CERT_FILE=str(certificate)).message
        assert "not as Proxmox" in _complaint(_proxmox(port, insecure=True)).message


def test_a_ca_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    error = _complaint(_proxmox(1), SSL_CERT_FILE=str(tmp_path / "no.pem"))
    assert "no.pem, which is not there" in error.message


def test_a_check_that_hangs_where_no_timeout_reaches_ends_in_time() -> None:
    began = time.monotonic()
    with pytest.raises(NoAnswer):
        within(0.2, lambda: time.sleep(3), lambda: NoAnswer("late"))
    assert time.monotonic() - began < 2
    assert connection.CHECK_SECONDS < 5


def test_an_error_of_the_work_is_the_error() -> None:
    with pytest.raises(ZeroDivisionError):
        within(5, lambda: 1 // 0, lambda: NoAnswer("late"))


OPEN = Proxmox(endpoint=None, nodes=())


def test_what_cluster_yaml_leaves_open_comes_from_the_environment_as_for_the_provider() -> None:
    named = {"PROXMOX_VE_ENDPOINT": "https://pve.example:8006/", "PROXMOX_VE_INSECURE": "true"}
    found = connection.resolved(OPEN, named)
    assert (found.endpoint, found.insecure) == ("https://pve.example:8006", True)
    assert connection.resolved(OPEN, {**named, "PROXMOX_VE_INSECURE": "yes"}).insecure is False, "the provider takes true and 1 only"


def test_what_cluster_yaml_says_goes_before_the_environment() -> None:
    said = Proxmox(endpoint="https://a:8006", nodes=(), insecure=False)
    assert connection.resolved(said, {"PROXMOX_VE_ENDPOINT": "https://b:8006", "PROXMOX_VE_INSECURE": "1"}) == said


def test_an_endpoint_that_nobody_names_or_in_clear_is_told_with_its_cure() -> None:
    with pytest.raises(ConditionError, match="nothing says where Proxmox is") as caught:
        connection.resolved(OPEN, {})
    assert "export PROXMOX_VE_ENDPOINT" in str(caught.value.cure)
    with pytest.raises(ConditionError, match="in clear"):
        connection.resolved(OPEN, {"PROXMOX_VE_ENDPOINT": "http://pve:8006"})
