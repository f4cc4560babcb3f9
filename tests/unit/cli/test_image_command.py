"""`runner image` as a person runs it, against a publisher on the loopback."""

from __future__ import annotations

import hashlib
import io
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from click.testing import CliRunner, Result
from ruamel.yaml import YAML

from stardock.cli.main import runner
from stardock.errors import ConditionError
from stardock.images.publisher import published
from stardock.systems import SYSTEMS
from stardock.workspace.lock import load_lock
from stardock.workspace.workspace import commit_lock, open_workspace
from tests.diskimages import qcow2
from tests.plans import document

pytestmark = pytest.mark.unit

OLD, NEW = "a" * 64, "b" * 128


@dataclass
class Publisher:
    """A web server with some files."""

    address: str = ""
    files: dict[str, str] = field(default_factory=dict)


@pytest.fixture
def publisher(monkeypatch: pytest.MonkeyPatch) -> Iterator[Publisher]:
    made = Publisher()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            text = made.files.get(self.path)
            self.send_response(404 if text is None else 200)
            self.end_headers()
            self.wfile.write((text or "").encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("STARDOCK_LOCK", "write")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield made
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def file(tmp_path: Path, publisher: Publisher) -> Path:
    publisher.files["/d/SHA256SUMS"] = f"{OLD}  debian.qcow2\n"
    return written(tmp_path / "cluster.yaml", url=f"{publisher.address}/d/debian.qcow2")


def written(path: Path, **image: object) -> Path:
    data = document()
    data["image"] |= image
    return saved(path, data)


def saved(path: Path, data: dict[str, Any]) -> Path:
    with path.open("w", encoding="utf-8") as stream:
        YAML().dump(data, stream)
    return path


def image(file: Path, *arguments: str, code: int = 0) -> Result:
    result = CliRunner().invoke(runner, ["image", arguments[0], "-f", str(file), *arguments[1:]])
    assert result.exit_code == code, result.output
    return result


def pins(file: Path) -> dict[str, str]:
    lock = load_lock(file.with_suffix(".lock"))
    return {source.rpartition("/")[2]: pin.checksum for source, pin in lock.images.items()} if lock else {}


@pytest.mark.proves("feature images")
def test_pin_resolves_the_publishers_file_and_writes_checksum_and_date_into_the_lock(file: Path) -> None:
    said = image(file, "pin").stdout
    assert f"not pinned -> sha256:{OLD[:16]}..." in said
    assert pins(file) == {"debian.qcow2": f"sha256:{OLD}"}
    lock = json.loads(file.with_suffix(".lock").read_text())
    (pin,) = lock["images"].values()
    assert lock["version"] == 2
    assert len(pin["date"].split("-")) == 3
    assert pin["checksum_url"].endswith("/d/SHA256SUMS")
    plan = open_workspace(file).plan
    assert {machine.image.checksum for machine in plan.machines} == {f"sha256:{OLD}"}
    assert "nothing to pin" in image(file, "pin").stdout


def test_dry_run_and_upgrade_without_confirmation_write_nothing(file: Path, publisher: Publisher) -> None:
    assert "--dry-run" in image(file, "pin", "--dry-run").stdout
    assert pins(file) == {}
    image(file, "pin")
    publisher.files["/d/debian.qcow2.sha512"] = NEW
    assert "--yes writes it" in image(file, "pin", "--upgrade", code=5).stderr
    assert pins(file) == {"debian.qcow2": f"sha256:{OLD}"}


def test_upgrade_shows_who_keeps_what_and_writes_with_yes_for_new_machines_only(file: Path, publisher: Publisher) -> None:
    image(file, "pin")
    commit_lock(open_workspace(file))
    before = open_workspace(file).plan.machines
    publisher.files["/d/debian.qcow2.sha512"] = NEW
    said = image(file, "pin", "--upgrade", "--yes").stdout
    assert f"sha256:{OLD[:16]}... -> sha512:{NEW[:16]}..." in said
    assert "for new machines only; these keep what they were made from: agent1, lb1, lb2, server1, server2, server3\n" in said
    assert pins(file) == {"debian.qcow2": f"sha512:{NEW}"}
    assert open_workspace(file).plan.machines == before


@pytest.mark.proves("feature images")
def test_list_tells_pins_and_the_machines_made_from_each(file: Path) -> None:
    image(file, "pin")
    commit_lock(open_workspace(file))
    (found,) = json.loads(image(file, "list", "--format", "json").stdout)["images"]
    assert found["checksum"] == found["pinned"]["checksum"] == f"sha256:{OLD}"
    assert found["pools"] == ["loadbalancers", "servers", "agents"]
    assert [(one["checksum"], len(one["names"])) for one in found["machines"]] == [(f"sha256:{OLD}", 6)]


def test_a_frozen_lock_refuses_a_pin_and_is_not_written(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STARDOCK_LOCK", "frozen")
    assert "the lock is frozen" in image(file, "pin", code=5).stderr
    assert not file.with_suffix(".lock").exists()


def test_a_publisher_that_does_not_say_or_answer_is_told_with_a_way_out(file: Path, publisher: Publisher) -> None:
    publisher.files["/d/SHA256SUMS"] = "<html>"
    assert "it holds no sha256 and no sha512" in image(file, "pin", code=4).stderr
    publisher.files.clear()
    said = image(file, "pin", code=4).stderr
    assert "looked for debian.qcow2.sha512, debian.qcow2.sha256, SHA512SUMS, SHA256SUMS" in said
    assert "`checksum_url`" in said
    written(file, url="http://127.0.0.1:9/debian.qcow2", checksum_url="http://127.0.0.1:9/x")
    assert "http://127.0.0.1:9/x: cannot be reached" in image(file, "pin", code=4).stderr


@pytest.mark.proves("feature mirrors")
def test_a_mirror_is_asked_for_the_publishers_paths(file: Path, publisher: Publisher, tmp_path: Path) -> None:
    folder = "/mirror/images/cloud/trixie/latest"
    publisher.files[f"{folder}/SHA512SUMS"] = f"{NEW}  debian-13-generic-amd64.qcow2\n"
    (tmp_path / "air-gap").mkdir()
    mirrored = written(tmp_path / "air-gap/cluster.yaml", mirror=f"{publisher.address}/mirror")
    image(mirrored, "pin")
    plan = open_workspace(mirrored).plan
    assert {machine.image.url for machine in plan.machines} == {f"{publisher.address}{folder}/debian-13-generic-amd64.qcow2"}
    assert {machine.image.checksum for machine in plan.machines} == {f"sha512:{NEW}"}


#: Ending of a publisher's file -> what it says of an image, in that publisher's way.
SHAPES: dict[str, Callable[[str], str]] = {
    "SHA256SUMS": lambda name: f"{OLD} *other.img\n{'c' * 64} *{name}\n",
    "SHA512SUMS": lambda name: f"{'d' * 128}  other.qcow2\n{'c' * 128}  {name}\n",
    "sha256": lambda name: f"{'c' * 64}  {name.replace('.qcow2', '-Snapshot20261120.qcow2')}\n",
    "DIGESTS": lambda name: f"# MD5 HASH\n{'1' * 32}  {name}\n# SHA1 HASH\n{'2' * 40}  {name}\n# SHA512 HASH\n{'c' * 128}  {name}\n",
}


@pytest.mark.parametrize("name", SYSTEMS)
def test_every_systems_own_image_can_be_pinned(tmp_path: Path, publisher: Publisher, name: str) -> None:
    url, sums = urlsplit(SYSTEMS[name].current.image_url).path, urlsplit(SYSTEMS[name].current.checksum_url).path
    shape = next(make for ending, make in SHAPES.items() if sums.endswith(ending))
    publisher.files[sums] = shape(url.rpartition("/")[2])
    data = document()
    data["image"]["checksum"] = f"sha256:{OLD}"
    data["pools"][1]["image"] = {"system": name, "mirror": publisher.address}
    file = saved(tmp_path / "cluster.yaml", data)
    image(file, "pin")
    (checksum,) = pins(file).values()
    assert checksum.partition(":")[2].strip("c") == ""


def test_a_local_file_is_computed_and_recorded_and_one_of_another_kind_refused(tmp_path: Path, publisher: Publisher) -> None:
    baked = tmp_path / "baked.qcow2"
    baked.write_bytes(qcow2("baked"))
    file = written(tmp_path / "cluster.yaml", file="baked.qcow2")
    refused = CliRunner().invoke(runner, ["plan", "-f", str(file)]).stderr
    assert refused.count(f"the checksum of baked.qcow2 is not known yet\n  run `runner image pin -f {file}`, and commit the lock") == 1
    image(file, "pin")
    assert pins(file) == {"file:baked.qcow2": f"sha256:{hashlib.sha256(baked.read_bytes()).hexdigest()}"}
    baked.write_bytes(b"\x1f\x8b packed")
    assert "is no qcow2 image" in image(file, "pin", "--upgrade", code=4).stderr
    baked.unlink()
    assert "No such file" in image(file, "pin", "--upgrade", code=4).stderr


def test_a_checksum_in_cluster_yaml_needs_no_pin(file: Path, publisher: Publisher) -> None:
    written(file, url=f"{publisher.address}/d/debian.qcow2", checksum=f"sha256:{OLD}")
    publisher.files.clear()
    said = image(file, "pin").stdout
    assert "cluster.yaml says so" in said
    assert "nothing to pin" in said


def test_pins_alone_are_no_lock_that_lets_machines_move(file: Path) -> None:
    """The lock is lost, machines stand, and someone pins: the next plan must not take that for a lock without machines."""
    image(file, "pin")
    commit_lock(open_workspace(file))
    state = {"version": 4, "resources": [vm(machine.name, machine.vm_id + 1) for machine in open_workspace(file).plan.machines]}
    file.with_suffix(".tfstate").write_text(json.dumps(state))
    file.with_suffix(".lock").unlink()
    image(file, "pin")
    assert "is not there, and machines exist" in CliRunner().invoke(runner, ["plan", "-f", str(file)]).stderr


def test_an_https_publisher_that_leads_to_http_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = requests.Response()
    answer.status_code, answer.headers["Location"], answer.raw = 302, "http://mirror.example/SHA256SUMS", io.BytesIO()
    monkeypatch.setattr(requests.Session, "get", lambda *_, **__: answer)
    with pytest.raises(ConditionError, match="where nothing vouches for it"):
        published("https://example.org/x.qcow2", "https://example.org/SHA256SUMS")


def vm(name: str, vm_id: int) -> dict[str, object]:
    attributes = {"node_name": "pve1", "vm_id": vm_id}
    return {"type": "proxmox_virtual_environment_vm", "name": name, "instances": [{"attributes": attributes}]}
