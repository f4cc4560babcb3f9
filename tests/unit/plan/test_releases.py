"""Release and cloud-init drive of a machine: new ones get what Stardock has now, those that exist keep what the lock has."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from stardock.errors import InputErrors
from stardock.model.lock import Lock, gains
from stardock.model.plan import Plan
from stardock.plan.build import build
from stardock.plan.machine.images import kernel_of
from stardock.systems import system
from stardock.workspace.lock import load_lock, to_json
from stardock.workspace.records.lock_version import version
from tests.plans import ROOT, document, former_lock, plan_of, spec_of

pytestmark = pytest.mark.unit

GENERIC_12 = "https://cloud.debian.org/images/cloud/bookworm/latest/debian-12-generic-amd64.qcow2"
GENERIC_13 = "https://cloud.debian.org/images/cloud/trixie/latest/debian-13-generic-amd64.qcow2"


def quickstart(**image: Any) -> dict[str, Any]:
    data = document()
    data["image"] = {"system": "debian", **image}
    return data


def wished(plan: Plan) -> list[tuple[str, str]]:
    return [(change.machine, change.field) for change in (*plan.changes, *plan.replacements)]


def suites(plan: Plan, name: str) -> set[str]:
    mirror = system("debian").mirror(plan.machine(name))
    assert mirror is not None
    lines = "\n".join(file.content for file in mirror.files).splitlines()
    return {word.partition("-")[0] for line in lines if line.startswith("Suites:") for word in line.split()[1:]}


@pytest.mark.proves("reality A1")
@pytest.mark.parametrize("chipset", ["q35", "i440fx"])
@pytest.mark.parametrize("firmware", ["seabios", "ovmf"])
@pytest.mark.parametrize("disk", ["scsi0", "virtio0"])
def test_the_seed_drive_of_a_new_machine_is_on_scsi1_whatever_chipset_firmware_and_disk(chipset: str, firmware: str, disk: str) -> None:
    data = quickstart()
    data["pools"][1] |= {"chipset": chipset, "firmware": firmware, "disk_interface": disk}
    assert {machine.seed_interface for machine in plan_of(data)[0].machines} == {"scsi1"}


@pytest.mark.proves("reality A1", "reality B16")
def test_debian_13_with_the_generic_kernel_is_what_debian_means_for_new_machines() -> None:
    images = {machine.image for machine in plan_of(quickstart())[0].machines}
    assert {(image.release, image.url) for image in images} == {("13", GENERIC_13)}
    assert {kernel_of(image).name for image in images} == {"Debian's generic kernel"}


@pytest.mark.proves("reality B16")
def test_debian_12_is_had_by_its_release() -> None:
    data = quickstart(release=12)
    data["cloud_init"] = {"mirrors": {"debian": "https://mirror.example/debian"}}
    plan, _ = plan_of(data)
    assert {(machine.image.release, machine.image.url) for machine in plan.machines} == {("12", GENERIC_12)}
    assert suites(plan, "server1") == {"bookworm"}


@pytest.mark.parametrize(
    ("image", "release"),
    [
        ({"url": "https://example.org/debian-12-genericcloud-amd64-20261101.qcow2"}, "12"),
        ({"url": "https://example.org/bookworm/x.qcow2"}, "12"),
        ({"file": "images/debian-13-baked.qcow2", "checksum": f"sha256:{'a' * 64}"}, "13"),
        ({"url": "https://example.org/baked.qcow2"}, "13"),
        ({"url": "https://example.org/bookworm/x.qcow2", "release": "13"}, "13"),
    ],
)
def test_an_image_of_the_users_own_is_of_the_release_that_is_said_else_of_the_one_that_its_name_tells(image: Any, release: str) -> None:
    assert {machine.image.release for machine in plan_of(quickstart(**image))[0].machines} == {release}


@pytest.mark.proves("reality A1", "reality B16")
@pytest.mark.parametrize("example", ["quickstart", "single"])
def test_release_and_seed_of_machines_that_stand_are_kept_and_nothing_is_asked_for(example: str) -> None:
    before = former_lock(example)
    plan, after = plan_of(document(example), before)
    assert {(machine.seed_interface, machine.image.release) for machine in plan.machines} == {("ide2", "12")}
    assert all((machine.image.url or "").endswith("debian-12-genericcloud-amd64.qcow2") for machine in plan.machines)
    assert wished(plan) == []
    assert after.machines == before.machines


def test_machines_whose_kernel_does_not_see_their_seed_are_told_with_the_way_on_and_new_ones_are_not_among_them() -> None:
    data = document()
    data["pools"][2]["machines"].append("agent2")
    (told,) = [line for line in plan_of(data, former_lock("quickstart"))[0].warnings if "cloud-init drive" in line]
    assert told.startswith("lb1, lb2, server1..server3 (3), agent1: ")
    assert "`runner deploy --replace NAME`" in told
    assert not [line for line in plan_of(data)[0].warnings if "cloud-init drive" in line]


def test_a_lock_from_before_says_the_same_and_stays_of_its_version() -> None:
    text = (ROOT / "tests/former/quickstart.lock").read_text()
    written = json.loads(to_json(former_lock("quickstart")))
    former = json.loads(text)
    for name, machine in written["machines"].items():
        record, before = machine["record"], former["machines"][name]["record"]
        assert (record["seed_interface"], record["image"].pop("release")) == ("ide2", "12")
        machine["record"] = without_later_fields(record, before)
    assert written == former


def without_later_fields(value: Any, before: Any) -> Any:
    """What was written now, without the fields that came after `before` was written."""
    if isinstance(value, dict) and isinstance(before, dict):
        return {key: without_later_fields(value[key], before[key]) for key in before}
    if isinstance(value, list) and isinstance(before, list) and len(value) == len(before):
        return [without_later_fields(one, other) for one, other in zip(value, before, strict=True)]
    return value


@pytest.mark.proves("reality A1", "reality B16")
def test_a_new_name_beside_machines_that_stand_gets_scsi1_and_the_current_release() -> None:
    data = document()
    data["cloud_init"] = {"mirrors": {"debian": "https://mirror.example/debian"}}
    data["pools"][2]["machines"].append("agent2")
    before = former_lock("quickstart")
    plan, after = plan_of(data, before)
    made = plan.machine("agent2")
    assert (made.seed_interface, made.image.release, made.image.url) == ("scsi1", "13", GENERIC_13)
    assert (suites(plan, "agent1"), suites(plan, "agent2")) == ({"bookworm"}, {"trixie"})
    assert (version(before), version(after)) == (1, 4)


def test_a_release_that_is_asked_for_is_shown_as_what_a_replacement_brings_and_can_be_accepted() -> None:
    before = former_lock("quickstart")
    plan, _ = plan_of(quickstart(release=13), before)
    assert {field for name, field in wished(plan) if name == "server1"} == {"image.release", "image.url"}
    assert plan.machine("server1").image.release == "12"
    accepted, lock = build(spec_of(quickstart(release=13)), before, "cluster.yaml", accept={"server1"})
    assert (accepted.machine("server1").image.release, accepted.machine("server1").seed_interface) == ("13", "scsi1")
    assert ("server1", "image.release") not in wished(plan_of(quickstart(release=13), lock)[0])


def test_the_release_that_it_has_is_no_wish_though_its_image_is_another_now() -> None:
    assert wished(plan_of(quickstart(release=12), former_lock("quickstart"))[0]) == []


@pytest.mark.proves("reality A1")
def test_a_machine_that_is_made_anew_gets_its_seed_where_new_ones_have_it_and_keeps_its_release() -> None:
    before = former_lock("quickstart")
    plan, after = build(spec_of(document()), before, "cluster.yaml", anew={"server1"})
    found = {machine.name: (machine.seed_interface, machine.image.release) for machine in plan.machines}
    assert found["server1"] == ("scsi1", "12")
    assert found["server2"] == ("ide2", "12")
    assert gains(before, after) == ("server1",)  # so that a frozen lock refuses


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"seed_interface": "ide2"', '"seed_interface": "ide2,media=cdrom"', "is not a slot of a cloud-init drive"),
        ('"seed_interface": "ide2"', '"seed_interface": "scsi31"', "is not a slot of a cloud-init drive"),
        ('"seed_interface": "ide2"', '"seed_interface": "scsi0"', "has its first disk on scsi0 already"),
        ('"release": "12"', '"release": "11"', "`11` is no release of Debian"),
        ('"system": "debian"', '"system": "tumbleweed"', "`tumbleweed` is no system that this Stardock knows"),
    ],
)
def test_a_seed_release_or_system_that_cannot_be_is_refused_at_its_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    path, text = tmp_path / "cluster.lock", to_json(former_lock("single"))
    path.write_text(text.replace(old, new))
    with pytest.raises(InputErrors) as caught:
        load_lock(path)
    (problem,) = caught.value.problems
    assert message in problem.message
    assert problem.line == next(number for number, line in enumerate(text.splitlines(), 1) if old in line)


def test_a_lock_of_new_machines_comes_back_equal(tmp_path: Path) -> None:
    _, lock = plan_of(quickstart())
    (tmp_path / "cluster.lock").write_text(to_json(lock))
    assert load_lock(tmp_path / "cluster.lock") == lock


def test_an_imported_drive_elsewhere_is_kept_in_plan_and_lock() -> None:
    _, lock = plan_of(quickstart())
    held = {name: replace(machine, record=replace(machine.record, seed_interface="sata0")) for name, machine in lock.machines.items()}
    before: Lock = replace(lock, machines=held)
    plan, after = plan_of(quickstart(), before)
    assert {machine.seed_interface for machine in plan.machines} == {"sata0"}
    assert after == before


def test_a_record_from_before_of_a_users_own_image_has_the_release_that_the_images_name_tells(tmp_path: Path) -> None:
    url = "https://example.org/debian-13-genericcloud-amd64.qcow2"
    former = json.loads((ROOT / "tests/former/quickstart.lock").read_text())
    former["machines"]["agent1"]["record"]["image"] |= {"url": url, "checksum": f"sha256:{'a' * 64}"}
    (tmp_path / "cluster.lock").write_text(json.dumps(former))
    before = load_lock(tmp_path / "cluster.lock")
    assert before is not None
    data = document()
    data["cloud_init"] = {"mirrors": {"debian": "https://mirror.example/debian"}}
    data["pools"][2]["image"] = {"system": "debian", "url": url, "checksum": f"sha256:{'a' * 64}"}
    plan, after = plan_of(data, before)
    assert wished(plan) == []
    assert (plan.machine("agent1").image.release, plan.machine("server1").image.release) == ("13", "12")
    assert (suites(plan, "agent1"), suites(plan, "server1")) == ({"trixie"}, {"bookworm"})
    assert not [line for line in plan.warnings if "cloud-init drive" in line and "agent1" in line]  # its kernel has AHCI
    assert {name: one.record.image for name, one in after.machines.items()} == {
        name: one.record.image for name, one in before.machines.items()
    }
    assert version(before) == 1


@pytest.mark.parametrize("datastores", [None, {"images": "nfs", "shared": ["nfs"]}])
def test_a_migrated_machine_that_is_accepted_where_it_is_now_keeps_release_image_and_drive(datastores: dict[str, Any] | None) -> None:
    data = document()
    data["pools"][1]["machines"][0] = {"name": "server1", "pve_node": "pve2"}
    if datastores:
        data["proxmox"]["datastores"] = datastores
    before = former_lock("quickstart")
    plan, _ = build(spec_of(data), before, "cluster.yaml", accept={"server1"})
    accepted, stood = plan.machine("server1"), before.machines["server1"].record
    assert (accepted.pve_node, accepted.seed_interface) == ("pve2", stood.seed_interface)
    assert (accepted.image.release, accepted.image.url) == ("12", stood.image.url)
    assert accepted.image.datastore == ("nfs" if datastores else stood.image.datastore)
    assert accepted.image.file_name == ("shared-" if datastores else "") + stood.image.file_name
