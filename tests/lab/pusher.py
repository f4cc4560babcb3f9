"""Pushes the images of a tarball to a registry as clients do, by its HTTP API (distribution-spec, "Pushing blobs", "Pushing manifests").

Run inside of a lab: `python pusher.py URL AUTHORITY LOGIN TARBALL NAME`; the file LOGIN has `user:password`.
"""

from __future__ import annotations

import base64
import json
import ssl
import sys
import tarfile
from http.client import HTTPResponse, HTTPSConnection
from pathlib import Path
from urllib.parse import urlsplit

CREATED, ACCEPTED = 201, 202


class Registry:
    """One repository of a registry."""

    def __init__(self, url: str, authority: str, login: str, repository: str) -> None:
        parts = urlsplit(url)
        self._connection = HTTPSConnection(parts.netloc, timeout=30, context=ssl.create_default_context(cafile=authority))
        self._headers = {"Authorization": "Basic " + base64.b64encode(Path(login).read_text().strip().encode()).decode()}
        self._path = f"/v2/{repository}"

    def blob(self, digest: str, content: bytes) -> None:
        """Upload one."""
        location = urlsplit(self._asked("POST", f"{self._path}/blobs/uploads/", b"", ACCEPTED).headers["Location"])
        self._asked("PUT", f"{location.path}?{location.query}&digest={digest}", content, CREATED)

    def manifest(self, tag: str, kind: str, content: bytes) -> None:
        """Name an image."""
        self._asked("PUT", f"{self._path}/manifests/{tag}", content, CREATED, kind)

    def _asked(self, method: str, path: str, body: bytes, expected: int, kind: str = "application/octet-stream") -> HTTPResponse:
        self._connection.request(method, path, body, {**self._headers, "Content-Type": kind})
        answer = self._connection.getresponse()
        said = answer.read()
        assert answer.status == expected, f"{method} {path}: {answer.status} {said.decode(errors='replace')}"
        return answer


def main(url: str, authority: str, login: str, tarball: str, name: str) -> None:
    """The tarball has one image, whatever it is called there."""
    repository, _, tag = name.rpartition(":")
    registry = Registry(url, authority, login, repository)
    with tarfile.open(tarball) as archive:
        files = {member.name: archive.extractfile(member).read() for member in archive if member.isfile()}  # type: ignore[union-attr]
    (entry,) = json.loads(files["index.json"])["manifests"]
    content = files[_file(entry["digest"])]
    manifest = json.loads(content)
    for blob in (manifest["config"], *manifest["layers"]):
        registry.blob(blob["digest"], files[_file(blob["digest"])])
    registry.manifest(tag, entry["mediaType"], content)


def _file(digest: str) -> str:
    return "blobs/" + digest.replace(":", "/")


if __name__ == "__main__":
    main(*sys.argv[1:])
