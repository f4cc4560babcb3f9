"""Packing the stand-in as an RKE2 release: the same names, the same checksum file, the same bytes each time."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent
TARBALL = "rke2.linux-amd64.tar.gz"
CHECKSUMS = "sha256sum-amd64.txt"
BINARY = "rke2.linux-amd64"  # the bare binary is a file of each release too, and of the checksum list
PACKAGE = "rke2_standin"
START = f"import sys\n\nfrom {PACKAGE}.main import main\n\nsys.exit(main(sys.argv[1:]))\n"
EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can say


def build_tarball(directory: Path, version: str) -> Path:
    """Write the tarball of `version` (like v1.36.5+rke2r1) and its checksum file into `directory`; returns the tarball's path."""
    directory.mkdir(parents=True, exist_ok=True)
    program = _program(version)
    content = _packed({"bin/rke2": program, **dict(_tree())})
    target = directory / TARBALL
    target.write_bytes(content)
    (directory / CHECKSUMS).write_text(f"{_sum(program)}  {BINARY}\n{_sum(content)}  {TARBALL}\n")
    return target


def _program(version: str) -> bytes:
    """A zip of the payload's modules that python3 runs (the zipapp format)."""
    release = f'"""Made by build_tarball."""\n\nVERSION = {version!r}\n'
    payload = HERE / "payload"
    found = (path for path in payload.rglob("*") if path.suffix in {".py", ".json", ".yaml"})
    modules = {f"{PACKAGE}/{path.relative_to(payload).as_posix()}": path.read_text() for path in found}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, text in sorted({**modules, f"{PACKAGE}/release.py": release, "__main__.py": START}.items()):
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
