"""Packing files as container images, in the tarball that containerd imports: an OCI image layout (image-spec, image-layout.md).

No registry and no container engine. The same files give the same bytes.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_CONFIG = "application/vnd.oci.image.config.v1+json"
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
_PLATFORM = {"architecture": "amd64", "os": "linux"}


@dataclass(frozen=True, slots=True)
class Link:
    """A symbolic link in an image."""

    target: str


@dataclass(frozen=True, slots=True)
class Image:
    """One image of one layer. `files` maps absolute paths in it to files here, texts of scripts, or links."""

    names: tuple[str, ...]  # with registry and tag
    files: Mapping[str, Path | str | Link]
    entrypoint: tuple[str, ...] = ()
    user: str = ""  # a number: where pods may not run as root, a name is refused
    folders: tuple[str, ...] = ("/tmp",)
    arguments: tuple[str, ...] = ()  # of the entrypoint, where a pod gives none
    setuid: tuple[str, ...] = ()  # files that run as their owner, root


@dataclass(slots=True)
class _Layout:
    """The blobs of a tarball, by their digests, and what its index names."""

    blobs: dict[str, bytes] = field(default_factory=dict)
    manifests: list[dict[str, Any]] = field(default_factory=list)

    def blob(self, content: bytes, kind: str) -> dict[str, Any]:
        digest = hashlib.sha256(content).hexdigest()
        self.blobs[digest] = content
        return {"mediaType": kind, "digest": f"sha256:{digest}", "size": len(content)}

    def add(self, image: Image) -> None:
        plain = _layer(image)
        digests = ["sha256:" + hashlib.sha256(plain).hexdigest()]
        run = {"Env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"], "WorkingDir": "/", "Entrypoint": list(image.entrypoint), "User": image.user}
        run |= {"Cmd": list(image.arguments)} if image.arguments else {}
        config = self.blob(_json({**_PLATFORM, "rootfs": {"type": "layers", "diff_ids": digests}, "config": run}), _CONFIG)
        layer = self.blob(gzip.compress(plain, 1, mtime=0), _LAYER)
        manifest = self.blob(_json({"schemaVersion": 2, "mediaType": _MANIFEST, "config": config, "layers": [layer]}), _MANIFEST)
        for name in image.names:
            annotations = {"io.containerd.image.name": name, "org.opencontainers.image.ref.name": name.rpartition(":")[2]}
            self.manifests.append({**manifest, "annotations": annotations, "platform": _PLATFORM})


def pack(target: Path, images: Iterable[Image]) -> None:
    """Write a tarball of these images."""
    layout = _Layout()
    for image in images:
        layout.add(image)
    files = {
        "oci-layout": _json({"imageLayoutVersion": "1.0.0"}),
        "index.json": _json({"schemaVersion": 2, "manifests": layout.manifests}),
        **{f"blobs/sha256/{digest}": content for digest, content in layout.blobs.items()},
    }
    with tarfile.open(target, "w") as archive:
        for name, content in files.items():
            _add(archive, name, content, 0o644)


def _layer(image: Image) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for folder in _folders(image):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if f"/{folder}" in image.folders else 0o755
            archive.addfile(entry)
        for name, source in image.files.items():
            match source:
                case Link():
                    entry = tarfile.TarInfo(name.lstrip("/"))
                    entry.type, entry.linkname = tarfile.SYMTYPE, source.target
                    archive.addfile(entry)
                case Path():
                    _add(archive, name.lstrip("/"), source.read_bytes(), 0o4755 if name in image.setuid else 0o755)
                case str():
                    _add(archive, name.lstrip("/"), source.encode(), 0o755)
    return buffer.getvalue()


def _folders(image: Image) -> list[str]:
    parents = {parent.as_posix() for name in image.files for parent in Path(name.lstrip("/")).parents}
    return sorted({*parents, *(folder.lstrip("/") for folder in image.folders)} - {"."})


def _add(archive: tarfile.TarFile, name: str, content: bytes, mode: int) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), mode
    archive.addfile(entry, io.BytesIO(content))


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()
