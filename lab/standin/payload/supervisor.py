"""What a server gives to those who join. Two users: `server` and `node`, each with its password."""

from __future__ import annotations

import base64
import hmac
import json
import ssl
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import ThreadingMixIn, UnixStreamServer
from tempfile import TemporaryDirectory
from typing import Any

from . import certificates, encryption, passwords, snapshots
from .etcd import Etcd, EtcdError, peer_url
from .flavor import API_PORT, OURS
from .front import SOCKET
from .kube import Kube, KubeError
from .membership import DuplicateNameError, admit
from .paths import Paths
from .pki import CLUSTER_FILES

TIMEOUT_SECONDS = 15
Reply = tuple[HTTPStatus, bytes]


@dataclass(frozen=True, slots=True)
class Desk:
    """What the answers are made from. `shared` is what joiners need to know of this server's configuration."""

    paths: Paths
    passwords: dict[str, str] = field(repr=False)
    shared: dict[str, Any]
    ready: threading.Event
    admin: Callable[[], Kube]
    snapshot: Callable[[dict[str, Any]], Reply]

    def allowed(self, user: str, password: str) -> bool:
        """Whether this user has this password."""
        return hmac.compare_digest(self.passwords.get(user, "").encode(), password.encode()) and user in self.passwords

    def authority(self) -> bytes:
        """The CA that the full token's hash is made from."""
        return (self.paths.tls / "server-ca.crt").read_bytes()

    def readyz(self) -> Reply:
        """Whether this server is in the cluster and its API has been ready."""
        return (HTTPStatus.OK, b"ok") if self.ready.is_set() else (HTTPStatus.SERVICE_UNAVAILABLE, b"runtime core not ready")

    def apiservers(self) -> Reply:
        """The addresses of all API servers, read from etcd so that it works while an API is down."""
        try:
            servers = [f"{member.address}:{API_PORT}" for member in Etcd(self.paths).members() if not member.learner]
        except EtcdError as error:
            return HTTPStatus.SERVICE_UNAVAILABLE, str(error).encode()
        return HTTPStatus.OK, json.dumps(servers).encode()

    def bootstrap(self) -> Reply:
        """The cluster's authorities and keys, for a server that joins."""
        files = {name: (self.paths.tls / name).read_text() for name in CLUSTER_FILES}
        return HTTPStatus.OK, json.dumps({"files": files, "encryption": encryption.kept(self.paths)}).encode()

    def config(self) -> Reply:
        """The settings that other machines hold against their own."""
        return HTTPStatus.OK, json.dumps(self.shared).encode()

    def own(self, name: str, node: str, password: str, addresses: Sequence[str]) -> Reply:
        """A certificate and key that are one node's own, where it knows its password."""
        refusal = self._stranger(node, password)
        if refusal is not None:
            return refusal
        with TemporaryDirectory() as folder:
            stem = Path(folder) / name
            if name == "client-kubelet":
                certificates.client(self.paths.tls, stem, node)
            else:
                certificates.serving(self.paths.tls, stem, node, addresses)
            return HTTPStatus.OK, _pair(stem)

    def common(self, name: str) -> Reply:
        """A certificate and key that all nodes share."""
        return HTTPStatus.OK, _pair(self.paths.agent / name)

    def _stranger(self, node: str, password: str) -> Reply | None:
        if not node or not password:
            return HTTPStatus.BAD_REQUEST, f"node {'password' if node else 'name'} not set".encode()
        if not self.ready.is_set():
            return self.readyz()
        try:
            passwords.ensure(self.admin(), node, password)
        except passwords.PasswordError as error:
            return HTTPStatus.FORBIDDEN, str(error).encode()
        except KubeError as error:
            return HTTPStatus.SERVICE_UNAVAILABLE, str(error).encode()
        return None

    def admit(self, body: dict[str, Any]) -> Reply:
        """Add the joiner to etcd. The real joiner does this itself, with an etcd client and the certificates it was given."""
        try:
            name, node, address = str(body["name"]), str(body["node"]), str(body["address"])
            return HTTPStatus.OK, admit(Etcd(self.paths), name, node, peer_url(address)).encode()
        except KeyError as error:
            return HTTPStatus.BAD_REQUEST, f"{error} is missing".encode()
        except DuplicateNameError as error:
            return HTTPStatus.CONFLICT, str(error).encode()
        except EtcdError as error:
            return HTTPStatus.SERVICE_UNAVAILABLE, str(error).encode()


def _pair(stem: Path) -> bytes:
    return Path(f"{stem}.crt").read_bytes() + Path(f"{stem}.key").read_bytes()


class Handler(BaseHTTPRequestHandler):
    """One connection; `desk` is set on a subclass by `serve`."""

    desk: Desk
    timeout = TIMEOUT_SECONDS

    def do_GET(self) -> None:
        """Open to all: /cacerts and /ping."""
        node, password = self.headers.get(f"{OURS.name}-Node-Name", "").lower(), self.headers.get(f"{OURS.name}-Node-Password", "")
        addresses = [text for text in self.headers.get(f"{OURS.name}-Node-IP", "").split(",") if text]
        routes: dict[str, tuple[str, Callable[[], Reply]]] = {
            "/cacerts": ("", lambda: (HTTPStatus.OK, self.desk.authority())),
            "/ping": ("", lambda: (HTTPStatus.OK, b"pong")),
            f"{OURS.routes}/readyz": ("node", self.desk.readyz),
            f"{OURS.routes}/apiservers": ("node", self.desk.apiservers),
            f"{OURS.routes}/config": ("node", self.desk.config),
            f"{OURS.routes}/client-kubelet.crt": ("node", lambda: self.desk.own("client-kubelet", node, password, addresses)),
            f"{OURS.routes}/serving-kubelet.crt": ("node", lambda: self.desk.own("serving-kubelet", node, password, addresses)),
            **{f"{OURS.routes}/{name}.crt": ("node", partial(self.desk.common, name)) for name in certificates.SHARED},
            f"{OURS.routes}/client-ca.crt": ("node", lambda: (HTTPStatus.OK, (self.desk.paths.tls / "client-ca.crt").read_bytes())),
            f"{OURS.routes}/server-bootstrap": ("server", self.desk.bootstrap),
        }
        self._serve(routes)

    def do_POST(self) -> None:
        """Snapshots; the other route only the stand-in has."""
        routes: dict[str, tuple[str, Callable[[], Reply]]] = {
            snapshots.ROUTE: ("server", lambda: self.desk.snapshot(self._body())),
            f"{OURS.routes}/etcd-member": ("server", lambda: self.desk.admit(self._body())),
        }
        self._serve(routes)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing: balancers ask each second."""

    def _serve(self, routes: dict[str, tuple[str, Callable[[], Reply]]]) -> None:
        user, answer = routes.get(self.path, ("server", lambda: (HTTPStatus.NOT_FOUND, b"404 page not found")))
        refusal = self._refusal(user) if user else None
        status, body = (refusal, refusal.phrase.encode()) if refusal else answer()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _refusal(self, wanted: str) -> HTTPStatus | None:
        """401 for wrong words, 403 for none or for the other user's."""
        scheme, _, words = self.headers.get("Authorization", "").partition(" ")
        if scheme != "Basic":
            return HTTPStatus.FORBIDDEN
        try:
            user, _, password = base64.b64decode(words).decode().partition(":")
        except ValueError:
            return HTTPStatus.UNAUTHORIZED
        if not self.desk.allowed(user, password):
            return HTTPStatus.UNAUTHORIZED
        return None if user == wanted else HTTPStatus.FORBIDDEN

    def _body(self) -> dict[str, Any]:
        try:
            value = json.loads(self.rfile.read(int(self.headers.get("Content-Length", "0"))))
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}


class Listener(ThreadingHTTPServer):
    """TLS begins in each connection's own thread: one that stays silent must not hold up the others."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, desk: Desk) -> None:
        super().__init__(("0.0.0.0", OURS.supervisor_port), _handler(desk))
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        stem = desk.paths.tls / "serving-kube-apiserver"
        self._context.load_cert_chain(f"{stem}.crt", f"{stem}.key")

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Shake hands, then serve; a check that only opens and closes the port ends here."""
        request.settimeout(TIMEOUT_SECONDS)
        try:
            with self._context.wrap_socket(request, server_side=True) as secured:
                super().finish_request(secured, client_address)
        except OSError:
            return


class Inner(ThreadingMixIn, UnixStreamServer):
    """Behind the program that has the port."""

    daemon_threads = True

    def __init__(self, desk: Desk) -> None:
        super().__init__(SOCKET.replace("@", "\0"), _handler(desk))


def _handler(desk: Desk) -> type[Handler]:
    return type("DeskHandler", (Handler,), {"desk": desk})


def serve(desk: Desk) -> None:
    """Listen in threads of its own from now on."""
    listener = Inner(desk) if OURS.one_port else Listener(desk)
    threading.Thread(target=listener.serve_forever, name="supervisor", daemon=True).start()
