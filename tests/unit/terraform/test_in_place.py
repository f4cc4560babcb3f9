"""What a VM that stays would lose by a change in place: refused like a VM that would go."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from stardock.terraform.changes import machine_changes
from stardock.terraform.gate import Allowed, judge
from tests.unit.terraform.test_changes import item, plan

pytestmark = pytest.mark.unit

VM: dict[str, Any] = {
    "vm_id": 210,
    "bios": "ovmf",
    "disk": [
        {"interface": "scsi0", "datastore_id": "local-lvm", "size": 40, "serial": ""},
        {"interface": "virtio1", "datastore_id": "local-lvm", "size": 10, "serial": "data"},
    ],
    "efi_disk": [{"datastore_id": "local-lvm", "type": "4m"}],
    "tpm_state": [{"datastore_id": "local-lvm", "version": "v2.0"}],
    "network_device": [{"mac_address": "BC:24:11:00:00:01", "bridge": "vmbr0"}, {"mac_address": "BC:24:11:00:00:02", "bridge": "vmbr1"}],
}

Edit = Callable[[dict[str, Any]], object]


def refusals(edit: Edit, **change: Any) -> list[str]:
    """What the gate says of an update that makes of VM what `edit` makes of it: message and cure."""
    after = copy.deepcopy(VM)
    edit(after)
    changes = machine_changes(plan(item(["update"], change={"before": VM, "after": after, **change})))
    return [f"{one.message}\n{one.cure}" for one in judge(changes, Allowed(remove=frozenset({"server1"})))]


LOSSES: dict[str, tuple[Edit, str]] = {
    "a data disk": (lambda vm: vm["disk"].pop(), "its disk virtio1 (data, 10 GiB on local-lvm) would be taken off"),
    "the first disk": (lambda vm: vm["disk"].pop(0), "its disk scsi0 (40 GiB on local-lvm) would be taken off"),
    "a disk's slot": (lambda vm: vm["disk"][1].update(interface="virtio2"), "virtio1 (data, 10 GiB on local-lvm) would be taken off"),
    "a disk's room": (lambda vm: vm["disk"][1].update(size=5), "would shrink to 5 GiB"),
    "a disk's datastore": (lambda vm: vm["disk"][0].update(datastore_id="nfs"), "would be moved to nfs"),
    "a disk's name": (lambda vm: vm["disk"][1].update(serial="logs"), "would be called logs"),
    "the EFI disk": (lambda vm: vm.update(efi_disk=[]), "its EFI disk, with its boot entries, would be taken off"),
    "the EFI disk's place": (
        lambda vm: vm["efi_disk"][0].update(datastore_id="nfs"),
        "EFI disk, with its boot entries, would be made anew",
    ),
    "the TPM": (lambda vm: vm.update(tpm_state=None), "its TPM, with its keys, would be taken off"),
    "the TPM's version": (lambda vm: vm["tpm_state"][0].update(version="v1.2"), "its TPM, with its keys, would be made anew"),
    "the firmware": (lambda vm: vm.update(bios="seabios"), "its firmware would be seabios instead of ovmf"),
    "a NIC": (lambda vm: vm["network_device"].pop(), "its NIC net1 (BC:24:11:00:00:02) would be taken off"),
    "a MAC": (
        lambda vm: vm["network_device"][0].update(mac_address="02:00:00:00:00:01"),
        "its NIC net0 would have the MAC 02:00:00:00:00:01 instead of",
    ),
}


@pytest.mark.proves("hostile 12")
@pytest.mark.parametrize("name", LOSSES)
def test_what_would_go_from_an_existing_vm_is_refused_like_a_vm_that_would_go(name: str) -> None:
    edit, words = LOSSES[name]
    (said,) = refusals(edit)
    assert words in said
    assert "put server1 back as it was" in said


@pytest.mark.proves("hostile 12")
def test_the_cure_says_how_one_takes_a_disk_off_knowingly() -> None:
    (said,) = refusals(lambda vm: vm["disk"].pop())
    assert "when the guest uses it no more (drained, unmounted): runner deploy --accept-loss server1" in said
    after = {**VM, "disk": VM["disk"][:1]}
    changes = machine_changes(plan(item(["update"], change={"before": VM, "after": after})))
    assert judge(changes, Allowed(losing=frozenset({"server1"}))) == ()
    assert judge(changes, Allowed(losing=frozenset({"server2"}))) != ()


@pytest.mark.proves("hostile 12")
@pytest.mark.parametrize("key", ["disk", "network_device"])
def test_what_the_engine_does_not_say_before_it_applies_is_refused(key: str) -> None:
    (said,) = refusals(lambda vm: vm.pop(key), after_unknown={key: True})
    assert "the engine does not say" in said


@pytest.mark.parametrize(
    "edit",
    [
        lambda vm: vm["disk"][1].update(size=20),
        lambda vm: vm["disk"].append({"interface": "virtio2", "datastore_id": "nfs", "size": 5, "serial": "more"}),
        lambda vm: vm["network_device"].append({"mac_address": "BC:24:11:00:00:03"}),
        lambda vm: vm["network_device"][0].update(bridge="vmbr9", mac_address="bc:24:11:00:00:01"),
        lambda vm: vm.update(cores=8),
    ],
)
def test_what_grows_or_moves_between_bridges_passes(edit: Edit) -> None:
    assert refusals(edit) == []


def test_a_disk_that_is_gone_from_the_vm_already_is_none_that_would_go() -> None:
    gone = {"interface": None, "datastore_id": None, "size": None, "serial": None}
    changes = machine_changes(plan(item(["update"], change={"before": {**VM, "disk": [*VM["disk"], gone]}, "after": VM})))
    assert judge(changes, Allowed()) == ()


@pytest.mark.proves("hostile 12")
def test_a_vm_that_is_taken_back_keeps_its_disks_too() -> None:
    change = {"before": VM, "after": {**VM, "disk": VM["disk"][:1]}, "importing": {"id": "pve1/210"}}
    changes = machine_changes(plan(item(["update"], change=change)))
    assert "virtio1" in judge(changes, Allowed(adopt={"server1": "pve1/210"}))[0].message


GONE = {"interface": None, "datastore_id": None, "size": None, "serial": None}


@pytest.mark.proves("hostile 12")
@pytest.mark.parametrize(
    ("index", "told", "attach", "instead"),
    [
        (1, "virtio1 (data, 10 GiB on local-lvm)", "qm set 210 --virtio1 VOLUME,serial=data", "runner deploy --accept-loss server1"),
        (0, "scsi0 (40 GiB on local-lvm)", "qm set 210 --scsi0 VOLUME", "runner deploy --replace server1"),
    ],
)
def test_a_disk_that_a_person_detached_is_not_made_anew_empty(index: int, told: str, attach: str, instead: str) -> None:
    seen = [GONE if at == index else disk for at, disk in enumerate(VM["disk"])]
    changes = machine_changes(plan(item(["update"], change={"before": {**VM, "disk": seen}, "after": VM})))
    (refusal,) = judge(changes, Allowed())
    assert f"server1 has its disk {told} no more (detached in Proxmox?), and an empty one would be made in its place" in refusal.message
    assert f"{attach}\n" in refusal.cure
    assert instead in refusal.cure
    assert judge(changes, Allowed(losing=frozenset({"server1"}))) == ()
