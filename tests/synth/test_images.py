"""How images are written out: one a place, found and verified as cluster.yaml says, and nothing absolute."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stardock.model.lock import Lock, Pin
from stardock.workspace.lock import save_lock
from tests.plans import document
from tests.synth.running import synthesize, write_cluster

pytestmark = pytest.mark.synth

DIGEST = "a" * 64


@pytest.mark.proves("feature images")
def test_url_file_name_datastore_algorithm_overwrite_timeout_and_verify_are_set_and_shared_images_written_once(tmp_path: Path) -> None:
    data: dict[str, Any] = document()
    data["proxmox"]["datastores"] = {"images": "nfs", "shared": ["nfs"]}
    data["image"] |= {
        "url": "https://example.org/x.qcow2",
        "file_name": "golden.qcow2",
        "overwrite": True,
        "timeout": "2h",
        "verify": False,
    }
    data["image"]["checksum"] = f"sha256:{DIGEST}"
    data["pools"][2]["image"] = {"system": "debian", "file": "images/baked.qcow2", "datastore": "local", "everywhere": True}
    save_lock(tmp_path / "cluster.lock", Lock(cluster="quickstart", founder="", images={"file:images/baked.qcow2": _pin()}))
    made = synthesize(write_cluster(tmp_path, data))
    ((name, image),) = made.images.items()
    assert name.startswith("image-shared-nfs-shared-golden-")
    assert image["file_name"].startswith("quickstart.shared-golden-")
    assert (image["node_name"], image["datastore_id"], image["content_type"]) == ("pve1", "nfs", "import")
    assert (image["url"], image["checksum"], image["checksum_algorithm"]) == ("https://example.org/x.qcow2", DIGEST, "sha256")
    assert (image["overwrite"], image["upload_timeout"], image["verify"]) == (True, 7200, False)
    assert image["lifecycle"]["ignore_changes"] == ["node_name"]
    uploads = {name: one for name, one in made.snippets.items() if one["content_type"] == "import"}
    assert sorted(one["node_name"] for one in uploads.values()) == ["pve1", "pve2", "pve3"]
    one = uploads[next(name for name in uploads if name.startswith("image-pve1-baked-"))]
    assert one["source_file"]["path"] == "../../../images/baked.qcow2"
    assert one["source_file"]["checksum"] == DIGEST
    assert made.machines["agent1"]["disk"][0]["import_from"].startswith("${proxmox_virtual_environment_file.image-pve1-baked-")
    assert made.machines["server3"]["disk"][0]["import_from"] == f"${{proxmox_download_file.{name}.id}}"
    assert str(tmp_path) not in made.text


def _pin() -> Pin:
    return Pin(checksum=f"sha256:{DIGEST}", date="2026-11-21")
