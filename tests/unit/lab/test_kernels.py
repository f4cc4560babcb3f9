"""What a guest's kernel sees of the hardware that its configuration gives it."""

from __future__ import annotations

from typing import Any

import pytest

from lab.pve.kernels import unseen
from lab.pve.state import Disk, Vm

pytestmark = pytest.mark.unit

CLOUD_12, CLOUD_13 = "debian-12-genericcloud-amd64.qcow2", "debian-13-genericcloud-amd64.qcow2"
GENERIC = "debian-12-generic-amd64.qcow2"
SEED = "local-lvm:vm-100-cloudinit,media=cdrom"
SINGLE = {"scsihw": "virtio-scsi-single"}


def vm(image: str, config: dict[str, Any], bus: str = "virtio0") -> Vm:
    disk = "local-lvm:vm-100-disk-0"
    return Vm(100, "pve1", {bus: disk, "boot": f"order={bus}", **config}, {disk: Disk(3 << 30, 100, "g", "pve1", image)})


@pytest.mark.proves("reality A1")
@pytest.mark.parametrize(
    ("image", "config", "hidden"),
    [
        (CLOUD_12, {"machine": "q35", "ide2": SEED}, {"ide2"}),
        (CLOUD_12, {"machine": "pc-q35-9.2", "ide2": SEED}, {"ide2"}),
        (CLOUD_12, {"ide2": SEED}, set()),
        (CLOUD_12, {"sata0": SEED}, {"sata0"}),
        (CLOUD_12, {"machine": "q35", "scsi1": SEED, **SINGLE}, set()),
        (CLOUD_12, {"machine": "q35", "scsi1": SEED, "scsihw": "virtio-scsi-pci"}, set()),
        (CLOUD_12, {"machine": "q35", "scsi1": SEED}, {"scsi1"}),  # LSI's controller, PVE's default
        (CLOUD_12, {"net0": "e1000=BC:24:11:00:00:01,bridge=vmbr0", "net1": "virtio=BC:24:11:00:00:02,bridge=vmbr0"}, {"net0"}),
        (CLOUD_13, {"machine": "q35", "ide2": SEED}, set()),  # 6.12's cloud kernel has AHCI
        (CLOUD_13, {"net0": "rtl8139=BC:24:11:00:00:01,bridge=vmbr0"}, {"net0"}),
        (GENERIC, {"machine": "q35", "ide2": SEED, "net0": "e1000=BC:24:11:00:00:01,bridge=vmbr0"}, set()),
        ("baked.qcow2", {"machine": "q35", "ide2": SEED}, set()),
    ],
)
def test_a_kernel_sees_only_what_it_has_drivers_for(image: str, config: dict[str, Any], hidden: set[str]) -> None:
    assert unseen(vm(image, config)) == hidden
