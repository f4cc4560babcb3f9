"""The images of Kubernetes' end-to-end tests under upstream's names, from the module's sources and Debian's packages.

What is in upstream's: kubernetes/test/images/agnhost/Dockerfile, and test/utils/image/manifest.go for names and tags.
"""

from __future__ import annotations

import fcntl
import hashlib
import re
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from lab.cache import cache_root
from lab.commands import run
from lab.machines.image import CODENAME
from lab.network.mirror import configured_mirror
from lab.standin.oci import Image, Link, pack

_REGISTRY = "registry.k8s.io"
_TESTS = f"{_REGISTRY}/e2e-test-images"
_PACKAGES = ("bash", "bind9-dnsutils", "busybox-static", "curl", "iproute2", "libc-bin", "netcat-openbsd", "nginx-light", "util-linux")
_TOOLS = (
    "/bin/bash",
    "/usr/bin/dig",
    "/usr/bin/nslookup",
    "/usr/bin/getent",
    "/usr/bin/curl",
    "/bin/nc.openbsd",
    "/bin/ss",
    "/usr/bin/ipcs",
)
_USERS = "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n"
#: a test asks for this user and this group of the image
_AGNHOST_USERS = _USERS + "user-defined-in-image:x:1000:1000::/:/bin/sh\n"
_GROUPS = "root:x:0:\nnobody:x:65534:\n"
_AGNHOST_GROUPS = _GROUPS + "user-defined-in-image:x:1000:\ngroup-defined-in-image:x:50000:user-defined-in-image\n"
_NGINX = """\
daemon off;
user nobody nobody;
error_log stderr;
events {}
http { access_log off; server { listen 80; listen [::]:80; location / { return 200 "nginx\\n"; } } }
"""
Files = Mapping[str, Path | str | Link]


def archive() -> Path:
    """The tarball of them, made once for each set of programs. `tools/setup conformance` has built what is in it."""
    programs = (cache_root() / "tools/conformance/current/bin").resolve()
    folder = (
        cache_root() / "images" / f"conformance-{hashlib.sha256((Path(__file__).read_text() + str(programs)).encode()).hexdigest()[:16]}"
    )
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / "images.tar"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.exists():
            pack(target.with_suffix(".new"), _images(programs, _packages(folder / "root")))
            target.with_suffix(".new").replace(target)
            shutil.rmtree(folder / "root")
    return target


def _packages(root: Path) -> Path:
    """These packages and what they need, unpacked and not installed."""
    mirror = configured_mirror()
    proxy = [f'--aptopt=Acquire::http::Proxy "{mirror.proxy}"'] if mirror.proxy else []
    shutil.rmtree(root, ignore_errors=True)
    command = ["mmdebstrap", "--variant=extract", "--format=directory", *proxy, f"--include={','.join(_PACKAGES)}"]
    run([*command, CODENAME, str(root), *mirror.sources(CODENAME)], seconds=600)
    return root


def _images(programs: Path, root: Path) -> Iterable[Image]:
    shell = _shell(root)
    pause = cache_root() / "tools/kubernetes/current/bin/pause"
    # Debian's busybox 1.35, as a shell, runs its own nc and not the one that is there; and it does not pass variables like `data-1` on, as
    # upstream's 1.37 does.
    links: Files = {"/bin/sh": Link("bash"), "/bin/nc": Link("nc.openbsd")}
    tools: Files = {**shell, **_linked(root, _TOOLS), **links, "/etc/nsswitch.conf": "hosts: files dns\n"}
    agnhost: Files = {
        **tools,
        "/agnhost": programs / "agnhost",
        "/agnhost-2": Link("agnhost"),
        "/localhost.crt": programs / "localhost.crt",
        "/localhost.key": programs / "localhost.key",
        "/etc/passwd": _AGNHOST_USERS,
        "/etc/group": _AGNHOST_GROUPS,
    }
    folders = ("/tmp", "/uploads", "/var/tmp")
    yield Image((f"{_REGISTRY}/pause:3.10.2",), {"/pause": pause}, ("/pause",))
    busybox: Files = {**shell, **_linked(root, ["/bin/bash"]), "/bin/sh": Link("bash")}
    yield Image((f"{_TESTS}/busybox:1.37.0-1",), busybox, arguments=("sh",))
    yield Image((f"{_TESTS}/agnhost:2.63.0", f"{_TESTS}/agnhost:2.55"), agnhost, ("/agnhost",), folders=folders, arguments=("pause",))
    rights: Files = {"/usr/bin/nnp": programs / "nonewprivs"}
    yield Image((f"{_TESTS}/nonewprivs:1.4",), rights, arguments=("nnp",), setuid=("/usr/bin/nnp",))
    yield Image((f"{_TESTS}/glibc-dns-testing:2.0.0",), tools, arguments=("bash",))
    nginx: Files = {**shell, **_linked(root, ["/usr/sbin/nginx"]), "/etc/nginx/nginx.conf": _NGINX}
    state = ("/tmp", "/var/log/nginx", "/var/lib/nginx", "/run")
    yield Image((f"{_TESTS}/nginx:1.15-4", f"{_TESTS}/nginx:1.27-0"), nginx, ("/usr/sbin/nginx",), folders=state)


def _shell(root: Path) -> Files:
    listed = run(["chroot", str(root), "/bin/busybox", "--list"]).split()
    applets = {f"/bin/{name}": Link("busybox") for name in listed if name != "busybox"}
    return {"/bin/busybox": root / "bin/busybox", **applets, "/etc/passwd": _USERS, "/etc/group": _GROUPS}


def _linked(root: Path, programs: Iterable[str]) -> Files:
    """Programs with the libraries that they are linked to."""
    found: dict[str, Path | str | Link] = {}
    for program in programs:
        told = run(["chroot", str(root), "/usr/bin/ldd", program])
        libraries = re.findall(r"(?m)(/\S+) \(0x", told)
        found.update({path: _file(root, root / path.lstrip("/")) for path in (program, *libraries)})
    return found


def _file(root: Path, path: Path) -> Path:
    """What a link leads to in there."""
    while path.is_symlink():
        path = (root if path.readlink().is_absolute() else path.parent) / str(path.readlink()).lstrip("/")
    return path
