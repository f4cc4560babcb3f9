"""Images through the real provider: once where it is enough, verified, uploaded where they are ours; and no pin touches a machine."""

from __future__ import annotations

import copy
import hashlib
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from stardock.model.lock import Lock, Pin
from stardock.workspace.lock import load_lock, save_lock
from tests.contract.engine import Change, Engine, engine
from tests.contract.estate import Estate, estate
from tests.contract.test_stacks import of_machines
from tests.diskimages import qcow2
from tests.plans import PUBLIC_KEY
from tests.synth.running import synthesize, write_cluster

pytestmark = [pytest.mark.contract, pytest.mark.one_life("images")]

Data = dict[str, Any]
URL = "https://images.example/debian.qcow2"
FILE = "file:baked.qcow2"
STORAGES = {"local": "dir", "local-lvm": "lvmthin", "nfs": "nfs"}


def cluster(pve: Estate) -> Data:
    """Two servers of an image on NFS, two agents of a local file; pve3 carries nothing."""
    nodes = [{"name": name, "address": "127.0.0.1", "ssh_port": port} for name, port in pve.ssh_ports.items()]
    return {
        "cluster": "images",
        "proxmox": {"endpoint": pve.settings.endpoint, "nodes": nodes, "datastores": {"images": "nfs", "shared": ["nfs"]}},
        "image": {"system": "debian", "url": URL},
        "ssh": {"keys": [PUBLIC_KEY]},
        "pools": [
            {"name": "servers", "role": "server", "machines": ["s1", "s2"], "nodes": ["pve1", "pve2"]},
            {"name": "agents", "role": "agent", "machines": ["a1", "a2"], "nodes": ["pve1", "pve2"],
             "image": {"system": "debian", "file": "baked.qcow2", "datastore": "local"}},
        ],
        "protect": False,
    }  # fmt: skip


def pin(content: bytes) -> Pin:
    return Pin(checksum=f"sha256:{hashlib.sha256(content).hexdigest()}", date="2026-11-21")


def image(name: str) -> bytes:
    return qcow2(name)


@dataclass
class Deployed:
    """A folder that was applied."""

    pve: Estate
    folder: Path
    data: Data

    def publish(self, content: bytes) -> None:
        """What lies behind the URL from now on."""
        place = self.pve.directory / "published.qcow2"
        place.write_bytes(content)
        self.pve.lab("catalog", url=URL, file=str(place))

    def edited(self, folder: Path, edit: Callable[[Data], None], **pins: Pin) -> Engine:
        """A copy with an edit and other pins (`url`, `file`), synthesized; the engine there."""
        shutil.copytree(self.folder, folder, ignore=shutil.ignore_patterns("cdktf.out"), dirs_exist_ok=True)
        data = copy.deepcopy(self.data)
        edit(data)
        return synthesized(self.pve, folder, data, {URL if name == "url" else FILE: one for name, one in pins.items()})


def synthesized(pve: Estate, folder: Path, data: Data, pins: dict[str, Pin]) -> Engine:
    lock = load_lock(folder / "cluster.lock") or Lock(cluster="images", founder="")
    save_lock(folder / "cluster.lock", replace(lock, images={**lock.images, **pins}))
    made = engine(pve, synthesize(write_cluster(folder, data)).path.parent)
    made.init()
    return made


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    folder = tmp_path_factory.mktemp("images")
    (folder / "baked.qcow2").write_bytes(image("baked"))
    with estate(tmp_path_factory.mktemp("pve"), ssh=True, storages=STORAGES) as pve:
        made = Deployed(pve, folder, cluster(pve))
        made.publish(image("debian"))
        synthesized(pve, folder, made.data, {URL: pin(image("debian")), FILE: pin(image("baked"))}).apply()
        yield made


def stack(deployed: Deployed) -> Engine:
    return engine(deployed.pve, deployed.folder / "cdktf.out/stacks/images")


def requests(pve: Estate, ending: str) -> list[str]:
    return [one["path"].split("/")[2] for one in pve.lab("requests") if one["method"] == "POST" and one["path"].endswith(ending)]


def images_on(pve: Estate, node: str, storage: str) -> list[str]:
    return [volume["volid"] for volume in pve.get(f"/nodes/{node}/storage/{storage}/content", content="import")]


def of_images(changes: list[Change]) -> set[tuple[str, ...]]:
    return {change.actions for change in changes if "image-" in change.address}


def configurations(pve: Estate) -> list[Any]:
    return [pve.get(f"/nodes/{node}/qemu/{vm}/config") for node, vm in (("pve1", 210), ("pve2", 211), ("pve1", 220), ("pve2", 221))]


def unchanged(data: Data) -> None:
    """The file as it is."""


def add_machines(data: Data) -> None:
    data["pools"][0]["machines"].append("s3")
    data["pools"][1]["machines"].append("a3")


@pytest.mark.proves("feature datastores")
@pytest.mark.only_looks
def test_an_image_is_there_once_per_shared_datastore_once_per_pve_node_otherwise_and_only_where_needed(deployed: Deployed) -> None:
    pve = deployed.pve
    assert requests(pve, "/nfs/download-url") == ["pve1"]
    assert sorted(requests(pve, "/local/upload")) == ["pve1", "pve2"]
    assert images_on(pve, "pve1", "nfs") == images_on(pve, "pve2", "nfs") != []
    assert [len(images_on(pve, node, "local")) for node in ("pve1", "pve2", "pve3")] == [1, 1, 0]
    refused = {key: count for key, count in pve.lab("status")["requests"].items() if not key.endswith(" 200")}
    assert refused == {}
    assert {vm["status"] for vm in pve.listed()} == {"running"}


@pytest.mark.proves("feature images")
@pytest.mark.only_looks
def test_what_was_downloaded_was_verified_by_the_pin(deployed: Deployed, tmp_path: Path) -> None:
    other = deployed.edited(tmp_path / "copy", add_machines, url=pin(b"another content"), file=pin(image("baked")))
    said = other.apply("-target=proxmox_virtual_environment_vm.s3", fails=True)
    assert "checksum mismatch" in said
    assert {vm["name"] for vm in deployed.pve.listed()} == {"s1", "s2", "a1", "a2"}


def test_a_second_plan_is_empty_also_when_the_local_file_is_another_or_gone(deployed: Deployed) -> None:
    assert stack(deployed).plan() == []
    baked = deployed.folder / "baked.qcow2"
    try:
        baked.write_bytes(image("something else that is longer"))
        assert stack(deployed).plan() == []
        baked.unlink()
        assert stack(deployed).plan() == []
    finally:
        baked.write_bytes(image("baked"))


@pytest.mark.proves("feature images")
def test_a_new_pin_never_touches_existing_vms_and_new_machines_use_it(deployed: Deployed, tmp_path: Path) -> None:
    pve, folder = deployed.pve, tmp_path / "copy"
    before = configurations(pve)
    fresh, baked = image("debian of today"), image("baked again")
    folder.mkdir()
    pins = {"url": pin(fresh), "file": pin(baked)}
    assert deployed.edited(folder, unchanged, **pins).plan() == [], "pins alone"
    (folder / "baked.qcow2").write_bytes(baked)
    deployed.publish(fresh)
    made = synthesized(pve, folder, deployed.data | {"pools": _with_new(deployed.data)}, {})
    changes = made.plan()
    assert of_machines(changes) == {"s3": ("create",), "a3": ("create",)}
    assert {change.actions for change in changes} == {("create",)}
    pve.lab("reset")
    made.apply()
    assert len(requests(pve, "/nfs/download-url")) == len(requests(pve, "/local/upload")) == 1
    assert len(images_on(pve, "pve1", "nfs")) == 2
    assert configurations(pve) == before
    shutil.copy(folder / "cluster.tfstate", deployed.folder / "cluster.tfstate")
    stack(deployed).apply()  # back to what the other tests know
    deployed.publish(image("debian"))


def _with_new(data: Data) -> Any:
    copied = copy.deepcopy(data)
    add_machines(copied)
    return copied["pools"]


def test_who_fetched_a_shared_image_may_go(deployed: Deployed, tmp_path: Path) -> None:
    """s1 goes, whose PVE node downloaded it: nobody downloads it again."""

    def without_the_first(data: Data) -> None:
        data["pools"][0] |= {"machines": ["s2"]}
        data["remove"] = ["s1"]

    changes = deployed.edited(tmp_path / "copy", without_the_first).plan()
    assert of_machines(changes) == {"s1": ("delete",)}
    assert of_images(changes) == set()


def test_overwrite_fetches_a_changed_image_again_and_touches_no_machine(deployed: Deployed, tmp_path: Path) -> None:
    def overwrite(data: Data) -> None:
        data["image"]["overwrite"] = True

    made = deployed.edited(tmp_path / "copy", overwrite)
    assert of_machines(made.plan()) == {}
    made.apply()
    deployed.publish(image("debian, and larger"))
    changes = made.plan()
    assert of_machines(changes) == {}
    assert of_images(changes) == {("delete", "create")}
    deployed.publish(image("debian"))
