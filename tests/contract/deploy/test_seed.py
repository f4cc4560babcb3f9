"""Where the cloud-init drive hangs: new machines find it, those that exist keep theirs, and what a kernel cannot see is not there."""

from __future__ import annotations

import hashlib
import re

import pytest

from tests.contract.deploy.estate import EmulatedEstate
from tests.diskimages import qcow2
from tests.plans import ROOT

pytestmark = pytest.mark.contract

SERVER1, AGENT1, AGENT2 = 210, 220, 221
FORMER = (ROOT / "tests/former/quickstart.lock").read_text()


def seed_slot(estate: EmulatedEstate, vm_id: int) -> str:
    """The slot of a VM's cloud-init drive."""
    node = next(vm["node"] for vm in estate.pve.get("/cluster/resources", type_="vm") if vm["vmid"] == vm_id)
    config = estate.pve.get(f"/nodes/{node}/qemu/{vm_id}/config")
    (slot,) = [key for key, value in config.items() if re.search(r"-cloudinit\b", str(value))]
    return str(slot)


@pytest.mark.proves("reality A1")
def test_a_new_machine_has_its_seed_on_scsi1_and_its_kernel_sees_it(deployed: EmulatedEstate) -> None:
    assert {seed_slot(deployed, vm_id) for vm_id in deployed.vms()} == {"scsi1"}
    deployed.plans_nothing()


@pytest.mark.proves("reality A1", "reality B16")
def test_a_cluster_from_before_with_its_drives_on_ide2_is_not_changed_and_a_new_name_beside_it_gets_scsi1(estate: EmulatedEstate) -> None:
    """Its machines are of i440fx: with q35 they could not have come up."""
    (estate.folder / "cluster.lock").write_text(FORMER.replace('"chipset": "q35"', '"chipset": "i440fx"'))
    for pool in estate.data["pools"]:
        pool["chipset"] = "i440fx"
    estate.write()
    estate.deploy()
    assert {seed_slot(estate, vm_id) for vm_id in estate.vms()} == {"ide2"}
    estate.plans_nothing()
    code, said = estate.run("plan")
    assert code == 0, said
    assert "replacement" not in said
    code, said = estate.run("drift")
    assert code == 0, said
    estate.data["pools"][2]["machines"].append("agent2")
    estate.write()
    starts = list(estate.guests.starts)
    estate.deploy()
    assert [vm_id for vm_id, _ in estate.guests.starts[len(starts) :]] == [AGENT2]
    assert {vm_id: seed_slot(estate, vm_id) for vm_id in (AGENT1, AGENT2)} == {AGENT1: "ide2", AGENT2: "scsi1"}
    code, said = estate.run("drift")
    assert code == 0, said


@pytest.mark.proves("reality A1")
def test_debian_12s_cloud_kernel_on_q35_never_sees_its_seed_on_ide2_and_comes_up_when_made_anew(estate: EmulatedEstate) -> None:
    (estate.folder / "cluster.lock").write_text(FORMER)
    estate.write()
    code, said = estate.run("deploy", "--timeout", "2")
    assert code == 4, said
    assert "server1" in said
    assert (estate.guests.guests[SERVER1].seed is not None, estate.guests.guests[SERVER1].seen_seed) == (True, None)
    names = ("lb1", "server1", "server2", "server3", "agent1")
    for name in (*names, "lb2"):
        code, said = estate.run("deploy", "--timeout", "2", "--replace", name)
        assert code == (0 if name == "lb2" else 4), said
    assert {seed_slot(estate, vm_id) for vm_id in estate.vms()} == {"scsi1"}
    estate.plans_nothing()
    code, said = estate.run("drift")
    assert code == 0, said


@pytest.mark.proves("reality A4", "reality A6")
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (qcow2(backing="base.qcow2"), "needs the backing file 'base.qcow2', which PVE refuses to import"),
        (qcow2(gib=50), "lb1: a disk of 20GiB is smaller than that of"),
    ],
)
def test_a_local_image_that_pve_would_refuse_is_refused_before_anything_is_uploaded(
    estate: EmulatedEstate, content: bytes, message: str
) -> None:
    (estate.folder / "baked.qcow2").write_bytes(content)
    checksum = f"sha256:{hashlib.sha256(content).hexdigest()}"
    estate.data["image"] = {"system": "debian", "file": "baked.qcow2", "checksum": checksum}
    estate.write()
    code, said = estate.run("deploy")
    assert code == 4, said
    assert message in " ".join(said.split())
    assert estate.vms() == {}
    assert estate.accepted("POST", "/upload") == []
