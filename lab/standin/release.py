"""Packing the stand-in as a release of RKE2 or k3s: the same names, the same checksum file, the same bytes each time."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from lab.standin.payload.flavor import K3S, of

HERE = Path(__file__).parent
CHECKSUMS = "sha256sum-amd64.txt"
START = "import sys\n\nfrom {package}.main import main\n\nsys.exit(main(sys.argv[1:], sys.argv[0]))\n"
EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can say


def build_release(directory: Path, version: str) -> Path:
    """Write the file of `version` (like v1.36.5+rke2r1) that is installed, and its checksum file, into `directory`; returns the former.

    k3s' is the program. RKE2's is a tarball, and the bare program is a file of each release too, and of the checksum list.
    """
    directory.mkdir(parents=True, exist_ok=True)
    program = _program(version)
    if of(version) == K3S:
        files = {"k3s": program}
    else:
        files = {"rke2.linux-amd64": program, "rke2.linux-amd64.tar.gz": _packed({"bin/rke2": program, **dict(_tree())})}
    *_, (name, content) = files.items()
    target = directory / name
    target.write_bytes(content)
    (directory / CHECKSUMS).write_text("".join(f"{_sum(content)}  {name}\n" for name, content in files.items()))
    return target


def _program(version: str) -> bytes:
    """A zip of the payload's modules that python3 runs (the zipapp format)."""
    release = f'"""Made by build_release."""\n\nVERSION = {version!r}\n'
    payload, package = HERE / "payload", f"{of(version).name}_standin"
    found = (path for path in payload.rglob("*") if path.suffix in {".py", ".json", ".yaml"})
    modules = {f"{package}/{path.relative_to(payload).as_posix()}": path.read_text() for path in found}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, text in sorted({**modules, f"{package}/release.py": release, "__main__.py": START.format(package=package)}.items()):
            archive.writestr(zipfile.ZipInfo(name, EPOCH), text)
    return b"#!/usr/bin/env python3\n" + buffer.getvalue()


def _tree() -> Iterator[tuple[str, bytes]]:
    root = HERE / "tree"
    for path in sorted(root.rglob("*")):
        if path.is_file():
            yield path.relative_to(root).as_posix(), path.read_bytes()


def _packed(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", filename="", mtime=0) as packed, tarfile.open(fileobj=packed, mode="w") as archive:
        for folder in sorted({parent.as_posix() for name in files for parent in Path(name).parents} - {"."}):
            archive.addfile(_entry(folder, 0o755, tarfile.DIRTYPE))
        for name, content in sorted(files.items()):
            entry = _entry(name, 0o755 if name.startswith("bin/") else 0o644, tarfile.REGTYPE)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def _entry(name: str, mode: int, kind: bytes) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.mode, entry.type, entry.uname, entry.gname = mode, kind, "root", "root"
    return entry


def _sum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
