"""Images made here: what containerd's import reads (OCI image layout), and the same bytes each time."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from pathlib import Path

import pytest

from lab.standin.oci import Image, Link, pack

pytestmark = pytest.mark.unit


def content(file: Path) -> dict[str, bytes]:
    with tarfile.open(file) as archive:
        return {entry.name: stream.read() for entry in archive if (stream := archive.extractfile(entry))}


def test_each_name_leads_by_digests_to_the_files(tmp_path: Path) -> None:
    (tmp_path / "tool").write_bytes(b"program")
    image = Image(
        ("example.org/a:1", "example.org/b:1"), {"/bin/tool": tmp_path / "tool", "/bin/sh": Link("tool"), "/run.sh": "text"}, ("/run.sh",)
    )
    pack(tmp_path / "images.tar", [image])
    files = content(tmp_path / "images.tar")
    index = json.loads(files["index.json"])["manifests"]
    assert [entry["annotations"]["io.containerd.image.name"] for entry in index] == ["example.org/a:1", "example.org/b:1"]

    def blob(entry: dict[str, str]) -> bytes:
        found = files["blobs/" + entry["digest"].replace(":", "/")]
        assert "sha256:" + hashlib.sha256(found).hexdigest() == entry["digest"]
        return found

    manifest = json.loads(blob(index[0]))
    plain = gzip.decompress(blob(manifest["layers"][0]))
    config = json.loads(blob(manifest["config"]))
    assert config["rootfs"]["diff_ids"] == ["sha256:" + hashlib.sha256(plain).hexdigest()]
    assert config["config"]["Entrypoint"] == ["/run.sh"]
    with tarfile.open(fileobj=io.BytesIO(plain)) as layer:
        assert layer.getmember("bin/sh").linkname == "tool"
        assert layer.getmember("tmp").mode == 0o1777


def test_the_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    image = Image(("example.org/a:1",), {"/a": "text"})
    pack(tmp_path / "one.tar", [image])
    pack(tmp_path / "two.tar", [image])
    assert (tmp_path / "one.tar").read_bytes() == (tmp_path / "two.tar").read_bytes()
