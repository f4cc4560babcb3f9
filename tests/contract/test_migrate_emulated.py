"""Migration of a VM in the emulated PVE: what moves along, and what is refused as the real one does (PVE::API2::Qemu, PVE::QemuMigrate)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.contract.estate import Estate

pytestmark = pytest.mark.contract

WAY = "/nodes/pve1/qemu/300/migrate"
ONLINE = {"online": 1}
WITH_DISKS = ONLINE | {"with-local-disks": 1}


@pytest.fixture
def vm(strict: Estate) -> Iterator[Estate]:
    """VM 300 on pve1, running, with a disk on local storage."""
    made = strict.do("POST", "/nodes/pve1/qemu", vmid=300, memory=512, scsi0="local-lvm:1", start=1)
    assert made.status == "OK", made
    yield strict
    node = next(item["node"] for item in strict.get("/cluster/resources", type_="vm") if item["vmid"] == 300)
    strict.do("POST", f"/nodes/{node}/qemu/300/status/stop")
    strict.do("DELETE", f"/nodes/{node}/qemu/300")


@pytest.mark.parametrize(
    ("options", "status", "words"),
    [
        (WITH_DISKS | {"target": "pve1"}, 400, "target is local node."),
        (WITH_DISKS | {"target": "pve9"}, 500, "no such cluster node 'pve9'"),
        (WITH_DISKS | {"target": "pve2", "force": 1}, 400, "Only root may use this option."),
        ({"target": "pve2"}, 500, "can't migrate running VM without --online"),
        (WITH_DISKS | {"target": "pve2", "live": 1}, 400, "property is not defined in schema"),
        (WITH_DISKS, 400, "property is missing and it is not optional"),
    ],
    ids=["to itself", "to nowhere", "force of a token", "running", "unknown parameter", "no target"],
)
def test_a_migration_that_cannot_be_is_refused_before_any_task(vm: Estate, options: dict[str, Any], status: int, words: str) -> None:
    answer = vm.ask("POST", WAY, **options)
    assert answer.status == status
    assert words in " ".join([answer.reason, *answer.errors.values()])


def test_another_storage_at_the_target_is_refused_since_nothing_would_move_there(vm: Estate) -> None:
    assert vm.ask("POST", WAY, target="pve2", targetstorage="local", **WITH_DISKS).status in {400, 501}


def test_a_running_vm_with_a_device_does_not_move(vm: Estate) -> None:
    vm.lab("config", vm_id=300, set={"hostpci0": "mapping=gpu"})
    assert "following mapped devices: hostpci0" in vm.ask("POST", WAY, target="pve2", **WITH_DISKS).reason
    vm.lab("config", vm_id=300, delete=["hostpci0"])


def test_a_disk_that_nobody_uses_moves_along(vm: Estate) -> None:
    vm.lab("config", vm_id=300, set={"unused0": "local-lvm:vm-300-disk-0"}, delete=["scsi0"])
    assert vm.do("POST", WAY, target="pve3", **WITH_DISKS).status == "OK"
    vm.lab("config", vm_id=300, set={"scsi0": "local-lvm:vm-300-disk-0"}, delete=["unused0"])
    assert vm.do("POST", "/nodes/pve3/qemu/300/status/stop").status == "OK"
    assert vm.do("POST", "/nodes/pve3/qemu/300/status/start").status == "OK"


def test_a_locked_vm_does_not_move(vm: Estate) -> None:
    vm.lab("config", vm_id=300, set={"lock": "backup"})
    assert vm.ask("POST", WAY, target="pve2", **WITH_DISKS).reason == "VM is locked (backup)"
    vm.lab("config", vm_id=300, delete=["lock"])


def test_a_running_vm_leaves_local_disks_only_when_told_to_take_them(vm: Estate) -> None:
    assert "without with-local-disks option" in vm.do("POST", WAY, target="pve2", **ONLINE).status
    assert vm.do("POST", WAY, target="pve2", **WITH_DISKS).status == "OK"
    assert vm.get("/nodes/pve2/qemu/300/status/current")["status"] == "running"
    assert vm.ask("GET", "/nodes/pve1/qemu/300/config").status == 500
    assert vm.do("POST", "/nodes/pve2/qemu/300/status/stop").status == "OK"
    assert vm.do("POST", "/nodes/pve2/qemu/300/status/start").status == "OK", "its disk came along"


def test_a_stopped_vm_takes_its_disks_along_and_a_pve_node_that_is_off_takes_none(vm: Estate) -> None:
    assert vm.do("POST", "/nodes/pve1/qemu/300/status/stop").status == "OK"
    vm.lab("node", name="pve3", offline=True)
    assert "No route to host" in vm.do("POST", WAY, target="pve3").status
    vm.lab("node", name="pve3")
    assert vm.do("POST", WAY, target="pve3").status == "OK"
    assert vm.do("POST", "/nodes/pve3/qemu/300/status/start").status == "OK"
