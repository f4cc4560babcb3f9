"""The one port of k3s: the program `front` takes it, and hands on to the supervisor and to the API.

Facts of k3s: pkg/server/handlers/router.go (which paths are the supervisor's), pkg/etcd (`/db/`).
"""

from __future__ import annotations

from .flavor import API_PORT, OURS
from .paths import Paths

#: a socket without a file, which is of this network namespace alone
SOCKET = "@stardock-supervisor"
PATHS = (f"{OURS.routes}/", "/cacerts", "/ping", "/db/")


def command(paths: Paths) -> list[str]:
    """Its command line."""
    tls = paths.tls
    return [
        str(paths.tools / "front"), f"--listen=:{API_PORT}", f"--serving={tls}/serving-kube-apiserver", f"--clients={tls}/client-ca.crt",
        f"--api=https://127.0.0.1:{OURS.apiserver_port}", f"--authority={tls}/server-ca.crt", f"--as={tls}/client-auth-proxy",
        f"--supervisor={SOCKET}", *PATHS,
    ]  # fmt: skip
