"""The images of a release, made here under upstream's names, so that charts and manifests run as they are.

Machines have no registry: they find the tarballs of `tarballs` where a real one would reach the internet. The programs of static pods are
not in them (the pods mount the lab's folder), for each container would be a copy.
"""

from __future__ import annotations

import fcntl
import hashlib
from pathlib import Path

from lab.cache import IMAGE_PROGRAMS, built, cache_root
from lab.standin.oci import Image, Link, pack
from lab.standin.payload.release_images import COREDNS, ETCD, FLANNEL, HELM, KUBERNETES, PAUSE

HERE = Path(__file__).parent
BUSYBOX = "docker.io/library/busybox:1"
_APPLETS = ("base64", "cat", "cp", "head", "hostname", "httpd", "ls", "mkdir", "mv", "nslookup", "rm", "sh", "sha256sum", "sleep", "wget")


def tarballs(busybox: Path) -> dict[str, Path]:
    """File name -> tarball, made once for each set of programs. Empty while one is not built."""
    found = {**built(IMAGE_PROGRAMS), "busybox": busybox}
    if set(IMAGE_PROGRAMS) - set(found):
        return {}
    folder = cache_root() / "images" / f"containers-{_key(found)}"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return {name: _packed(folder / name, images) for name, images in _images(found).items()}


def _key(files: dict[str, Path]) -> str:
    texts = [(HERE / name).read_text() for name in ("oci.py", "images.py", "klipper-helm", "payload/release_images.py")]
    state = [(name, str(path), path.stat().st_size, path.stat().st_mtime_ns) for name, path in sorted(files.items())]
    return hashlib.sha256(repr((texts, state)).encode()).hexdigest()[:16]


def _packed(target: Path, images: list[Image]) -> Path:
    if not target.exists():
        unfinished = target.with_name(f"{target.name}.new")
        pack(unfinished, images)
        unfinished.replace(target)
    return target


def _images(found: dict[str, Path]) -> dict[str, list[Image]]:
    shell: dict[str, Path | str | Link] = {"/bin/busybox": found["busybox"], **{f"/bin/{name}": Link("busybox") for name in _APPLETS}}
    script = (HERE / "klipper-helm").read_text()
    return {
        "base.tar": [Image((PAUSE,), {"/pause": found["pause"]}, ("/pause",)), Image((BUSYBOX, ETCD, KUBERNETES, FLANNEL), shell)],
        "coredns.tar": [Image((COREDNS,), {"/coredns": found["coredns"]}, ("/coredns",))],
        "helm.tar": [Image((HELM,), {**shell, "/usr/bin/helm": found["helm"], "/entry": script}, ("/entry",), "1000")],
    }
