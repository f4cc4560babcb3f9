"""What `runner drift` could not look at is no machine that is as planned."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from ruamel.yaml import YAML

from stardock.cli.main import runner
from stardock.drift.scene import Scene
from tests.lying import Answer, Handler, lying, says
from tests.plans import document, plan_of
from tests.pveconfig import deployed

pytestmark = pytest.mark.unit

TOKEN = "a@pve!b=11111111-2222-3333-4444-555555555555"
NO_WAY = says(595, "", "No route to host")


def proxmox(scene: Scene, refused: Mapping[str, Answer]) -> Answer:
    """An estate as deployed; what is asked below the paths of `refused` is answered so."""
    told: dict[str, object] = {
        "/version": {"version": "9.1.2"},
        "/cluster/resources": [
            {"type": "qemu", "vmid": one.vm_id, "node": one.pve_node, "name": one.name, "tags": ";".join(one.tags), "pool": one.pool}
            for one in scene.machines.values()
        ],
        "/access/permissions": {f"/storage/{store}": {"Datastore.Allocate": 1} for store in ("local", "local-lvm")},
    }
    for vm_id, one in scene.machines.items():
        told[f"/nodes/{one.pve_node}/qemu/{vm_id}/config"] = scene.configs[vm_id]
        told[f"/nodes/{one.pve_node}/qemu/{vm_id}/status/current"] = {"status": "running", "qmpstatus": "running"}
    for (node, store), volumes in scene.sizes.items():
        told[f"/nodes/{node}/storage/{store}/content"] = [{"volid": volume, "size": size} for volume, size in volumes.items()]

    def answer(handler: Handler) -> None:
        path = handler.path.partition("?")[0].removeprefix("/api2/json")
        other = next((one for place, one in refused.items() if path.startswith(place)), None)
        (other or says(200, json.dumps({"data": told[path]})))(handler)

    return answer


def drift(folder: Path, refused: Mapping[str, Answer], *options: str, **changed: object) -> Result:
    file = folder / "cluster.yaml"
    data = document()
    scene = deployed(plan_of(data)[0])
    for vm_id in scene.configs:
        scene.configs[vm_id].update(changed)
    with lying(folder, proxmox(scene, refused)) as (endpoint, ca):
        data["proxmox"]["endpoint"] = endpoint
        with file.open("w", encoding="utf-8") as stream:
            YAML().dump(data, stream)
        environ = {"PROXMOX_VE_API_TOKEN": TOKEN, "STARDOCK_LOCK": "write", "SSL_CERT_FILE": str(ca)}
        return CliRunner().invoke(runner, ["drift", "-f", str(file), *options], env=environ)


def test_an_estate_that_answers_whole_is_as_planned(tmp_path: Path) -> None:
    found = drift(tmp_path, {})
    assert (found.exit_code, "6 machines as planned" in found.output) == (0, True), found.output


@pytest.mark.proves("feature drift")
def test_with_a_pve_node_away_its_machines_are_not_as_planned_and_the_end_says_so(tmp_path: Path) -> None:
    found = drift(tmp_path, {"/nodes/pve3/": NO_WAY})
    assert found.exit_code == 4, found.output
    assert "as planned" in found.output
    assert "6 machines as planned" not in found.output
    assert "server3 was not looked at" in found.output
    assert "595" in found.output
    assert "VM.Audit" not in found.output
    assert "is the PVE node on" in found.output


def test_what_differs_elsewhere_ends_as_a_difference_and_still_says_what_was_not_looked_at(tmp_path: Path) -> None:
    found = drift(tmp_path, {"/nodes/pve3/": NO_WAY}, protection=1)
    assert found.exit_code == 2, found.output
    assert "server3 was not looked at" in found.output


def test_a_program_reads_what_was_not_looked_at_and_gets_the_same_exit_code(tmp_path: Path) -> None:
    found = drift(tmp_path, {"/nodes/pve3/": NO_WAY}, "--format", "json")
    assert found.exit_code == 4, found.output
    told = json.loads(found.stdout)
    assert told["findings"] == []
    assert "595" in told["unread"]["VM 212 on pve3"]


@pytest.mark.parametrize("place", ["/nodes/pve1/storage/local", "/nodes/pve1/qemu/210/status", "/access/permissions"])
def test_a_part_that_cannot_be_read_is_not_as_planned_either(tmp_path: Path, place: str) -> None:
    found = drift(tmp_path, {place: says(403, "", "Permission check failed")})
    assert found.exit_code == 4, found.output
    assert "not read: " in found.output


def test_two_hundred_machines_that_cannot_be_read_for_one_reason_are_one_line(tmp_path: Path) -> None:
    found = drift(tmp_path, dict.fromkeys(("/nodes/",), NO_WAY))
    assert found.exit_code == 4
    assert found.output.count("595") == 1, found.output
