"""`runner drift` after the real tofu and the real provider deployed to the emulated PVE: nothing, then one planted change of each kind."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from stardock.drift.checks import run
from stardock.drift.contents import with_contents
from stardock.drift.look import look
from stardock.estate.connection import Estate
from stardock.workspace.workspace import open_workspace
from tests.contract.deploy.estate import EmulatedEstate

pytestmark = pytest.mark.contract

SERVER1, SERVER3, AGENT1 = 210, 212, 220
Plant = Callable[[EmulatedEstate], None]


def _config(vm_id: int = SERVER1, **options: str | int | None) -> Plant:
    def plant(estate: EmulatedEstate) -> None:
        gone = [key for key, value in options.items() if value is None]
        estate.pve.lab("config", vm_id=vm_id, set={key: value for key, value in options.items() if value is not None}, delete=gone)

    return plant


def _drive(vm_id: int, key: str, old: str, new: str) -> Plant:
    """One option of a drive, the rest as the provider made it."""

    def plant(estate: EmulatedEstate) -> None:
        node = next(vm["node"] for vm in estate.pve.get("/cluster/resources", type_="vm") if vm["vmid"] == vm_id)
        text = estate.pve.get(f"/nodes/{node}/qemu/{vm_id}/config")[key]
        assert old in text
        _config(vm_id, **{key: text.replace(old, new)})(estate)

    return plant


def _stop_unseen(estate: EmulatedEstate) -> None:
    """The list of the whole cluster still calls it running."""
    estate.pve.lab("pvestatd", held=True)
    estate.pve.lab("kill", vm_id=SERVER1)


def _store(estate: EmulatedEstate, kind: str) -> Path:
    return estate.folder.parent / "lab/pve/pve1/local" / kind


def _tamper(estate: EmulatedEstate) -> None:
    """As many bytes as before: only the content tells."""
    path = _store(estate, "snippets") / "quickstart.server1.user.yaml"
    path.write_text(path.read_text().replace("server1", "server9", 1))


def _lengthen(estate: EmulatedEstate) -> None:
    path = _store(estate, "snippets") / "quickstart.server1.meta.yaml"
    path.write_text(path.read_text() + "x")


def _lose_snippet(estate: EmulatedEstate) -> None:
    (_store(estate, "snippets") / "quickstart.server1.network.yaml").unlink()


def _lose_image(estate: EmulatedEstate) -> None:
    for path in _store(estate, "import").iterdir():
        path.unlink()


#: What happens behind Stardock's back, one after the other: (kind, plant).
PLANTS: tuple[tuple[str, Plant], ...] = (
    ("size", _config(cores=8)),
    ("boot", _config(boot="order=net0")),
    ("disk", _config(efidisk0="local-lvm:vm-210-disk-9,size=4M")),
    ("disk", _drive(SERVER1, "scsi0", "discard=on", "discard=ignore")),
    ("disk", _drive(AGENT1, "virtio1", "serial=data", "serial=other")),
    ("disk", _drive(SERVER3, "efidisk0", "pre-enrolled-keys=0", "pre-enrolled-keys=1")),
    ("disk", _drive(SERVER3, "tpmstate0", "version=v2.0", "version=v1.2")),
    ("first-boot", _config(scsi1=None)),
    ("nic", _config(net0="virtio=BC:24:11:00:00:01,bridge=vmbr0")),
    ("description", _config(description="mine")),
    ("tags", _config(tags="mine")),
    ("name", _config(name="mine")),
    ("protection", _config(protection=1)),
    ("startup", _config(startup="order=9")),
    ("firmware", _config(machine=None)),
    ("option", _config(vga="std")),
    ("option", _config(hostpci0="mapping=gpu")),
    ("locked", _config(lock="backup")),
    ("snippet", _tamper),
    ("image", _lose_image),
    ("stopped", _stop_unseen),
)


def _kinds(estate: EmulatedEstate, monkeypatch: pytest.MonkeyPatch) -> set[tuple[str, str]]:
    """(kind, field) of every finding, contents of snippets read."""
    environ = estate.environ()
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    where = open_workspace(estate.file)
    reader = Estate.from_environment(where.plan.proxmox, environ)
    scene = with_contents(reader, look(reader, where.plan), estate.folder, environ)
    assert scene.unread == {}
    return {(finding.kind, finding.field) for finding in run(scene)}


@pytest.mark.proves("feature drift")
def test_nothing_on_a_fresh_deploy_and_every_planted_drift_is_found(estate: EmulatedEstate, monkeypatch: pytest.MonkeyPatch) -> None:
    estate.data["pools"][1]["machines"][2] = {"name": "server3", "firmware": "ovmf", "tpm": True}
    estate.data["pools"][2] |= {"chipset": "i440fx", "balloon": "2GiB", "data_disks": [{"name": "data", "size": "8GiB"}]}
    estate.write()
    estate.deploy()
    code, said = estate.run("drift", "--ssh")
    assert code == 0, said
    assert "6 machines as planned" in said
    estate.pve.lab("reset")
    known: set[tuple[str, str]] = set()
    for kind, plant in PLANTS:
        plant(estate)
        found = _kinds(estate, monkeypatch)
        assert known < found, kind
        assert {one for one, _ in found - known} == {kind}
        known = found
    asked = {item["method"] for item in estate.pve.lab("requests")}
    assert asked == {"GET"}


@pytest.mark.proves("feature drift")
def test_what_the_engine_does_not_see_drift_does(deployed: EmulatedEstate) -> None:
    _config(boot=None, scsihw=None)(deployed)
    _lengthen(deployed)
    deployed.plans_nothing()
    code, said = deployed.run("drift", "--format", "json")
    assert code == 2, said
    document = json.loads(said[said.index("{") : said.rindex("}") + 1])
    assert {(one["kind"], one["hidden"]) for one in document["findings"]} == {("boot", True), ("disk", True), ("snippet", True)}
    assert document["snippet_contents"] == "not read"
    _lose_snippet(deployed)
    deployed.destroy(220)
    _drive(SERVER1, "scsi0", "discard=on", "discard=ignore")(deployed)
    _config(cpu="cputype=x86-64-v2-AES,flags=+aes")(deployed)
    code, said = deployed.run("drift")
    assert code == 2
    assert "the API has no way to them" in said
    assert "no such VM" in said
    assert "quickstart.server1.network.yaml: none" in said
    assert "scsi0 discard" in said
    assert "cpu flags" in said
    deployed.deploy()
    said = deployed.run("drift")[1]
    assert "agent1" not in said
    assert "network.yaml" not in said
    assert "scsi0 discard" not in said
    assert "cpu flags" not in said
    assert "boot order" in said, "what the engine does not see stays"
