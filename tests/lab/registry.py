"""A registry in a lab's network: distribution's own program, with an authority of its own and one user."""

from __future__ import annotations

import base64
import ctypes
import ctypes.util
import json
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lab.cache import built
from lab.machines.image import image_root, programs_of
from lab.network.mirror import configured_mirror
from lab.patience import patient
from lab.pve.keys import Tls, ensure_tls
from lab.standin.oci import Image, Link, pack
from tests.lab import pusher
from tests.lab.cluster import Cluster
from tests.waiting import until

#: the router of a lab whose machines have their addresses by DHCP, on which the registry listens; NAME is in no DNS of the lab
ROUTER, NAME, PORT = "10.77.0.1", "registry.home.arpa", 5000
USER = "puller"
_SHELL = ("cat", "httpd", "sh", "sleep", "wget")


@dataclass(frozen=True)
class Registry:
    """`password` is what its one user must say; what was asked stands in `log`."""

    folder: Path
    tls: Tls
    password: str

    @property
    def log(self) -> Path:
        """A line for each request, with its status."""
        return self.folder / "log"

    @property
    def authority(self) -> str:
        """In PEM."""
        return self.tls.ca.read_text()

    def has_answered(self, *words: str) -> bool:
        """Whether one line of its log has all these words."""
        return any(all(word in line for word in words) for line in self.log.read_text().splitlines())

    def push(self, cluster: Cluster, name: str, page: str) -> None:
        """A web server with this page, called NAME:TAG there; nobody else has it."""
        archive = self.folder / "image.tar"
        program = programs_of(image_root(configured_mirror())) / "bin/busybox"
        links: dict[str, Path | str | Link] = {f"/bin/{one}": Link("busybox") for one in _SHELL}
        start = ("/bin/httpd", "-f", "-p", "8080", "-h", "/web")
        pack(archive, [Image((name,), {"/bin/busybox": program, **links, "/web/index.html": page}, start)])
        url = f"https://{ROUTER}:{PORT}"
        cluster.inside(sys.executable, pusher.__file__, url, str(self.tls.ca), str(self.folder / "login"), str(archive), name)


def prepared(folder: Path) -> Registry:
    """Its files: certificate, the one login, and its configuration."""
    registry = Registry(folder, ensure_tls(folder, [ROUTER, NAME]), secrets.token_urlsafe(16))
    (folder / "login").write_text(f"{USER}:{registry.password}")
    (folder / "htpasswd").write_text(f"{USER}:{_bcrypt(registry.password)}\n")
    (folder / "config.json").write_text(json.dumps(_configuration(registry)))
    return registry


@contextmanager
def served(cluster: Cluster, registry: Registry) -> Iterator[None]:
    """It answers while the block lasts."""
    program = built({"registry": "registry/current/bin/registry"}).get("registry")
    assert program, "the registry is not built: tools/setup registry"
    with registry.log.open("a") as output:
        server = cluster.begin(str(program), "serve", str(registry.folder / "config.json"), output=output)
    try:
        asked = ("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--cacert", str(registry.tls.ca), f"https://{ROUTER}:{PORT}/v2/")
        ready = "the registry to answer"
        until(lambda: server.poll() is not None or cluster.inside(*asked, check=False).stdout == "401", ready, 30, registry.log.read_text)
        assert server.poll() is None, registry.log.read_text()
        yield
    finally:
        server.terminate()
        server.wait(timeout=patient(10))


def _configuration(registry: Registry) -> dict[str, object]:
    """JSON is YAML. Facts: distribution, docs/content/about/configuration.md."""
    tls = {"certificate": str(registry.tls.certificate), "key": str(registry.tls.key)}
    return {
        "version": "0.1",
        "log": {"accesslog": {"disabled": False}, "level": "info"},
        "storage": {"filesystem": {"rootdirectory": str(registry.folder / "data")}},
        "http": {"addr": f"{ROUTER}:{PORT}", "tls": tls, "secret": secrets.token_hex(16)},
        "auth": {"htpasswd": {"realm": "lab", "path": str(registry.folder / "htpasswd")}},
    }


def _bcrypt(password: str) -> str:
    """The only form that the registry takes; Python has none, the C library of every Debian does (libxcrypt, crypt(5))."""
    library = ctypes.CDLL(ctypes.util.find_library("crypt"))
    library.crypt.restype = ctypes.c_char_p
    salt = base64.b64encode(secrets.token_bytes(16), b"./").decode()[:21] + "u"
    done: bytes | None = library.crypt(password.encode(), f"$2b$05${salt}".encode())
    assert done, "crypt(3) knows no bcrypt"
    return done.decode()
